import { z } from 'zod'

/** The outcome of a run. */
export const STATES = ['SUCCESS', 'FAILED'] as const
export type State = (typeof STATES)[number]

/** Longest duration that is believed, in seconds: 30 days. A longer one is a unit mistake, not a run. */
export const MAX_DURATION_SECONDS = 30 * 24 * 3600

/**
 * Longest label value, in characters: Loki's default `max_label_value_length` is 2048 bytes, and a
 * character takes at most 4.
 */
export const MAX_LABEL_CHARACTERS = 512

/** Why a record is not a log line. The closed list that the summary counts by. */
export const REJECT_REASONS = {
  not_json: 'is not valid JSON',
  not_an_object: 'is JSON, but not an object',
  invalid_utf8: 'is not valid UTF-8',
  too_large: 'is larger than the limit for one record',
  truncated: 'is cut off by the end of the input',
  duplicate_key: 'has the same key twice',
  missing_field: 'lacks a required field',
  wrong_type: 'has a field of the wrong type',
  empty_field: 'has an empty text where a label is needed',
  unknown_state: 'has a state that is neither SUCCESS nor FAILED',
  bad_time: 'has a time that is not RFC 3339',
  end_before_start: 'ends before it starts',
  bad_duration: 'has a duration below zero or above 30 days',
  bad_number: 'has a CPU time or memory below zero',
} as const
export type RejectReason = keyof typeof REJECT_REASONS

const because = (reason: RejectReason) => ({ error: reason })

const text = z
  .string(because('wrong_type'))
  .min(1, because('empty_field'))
  .max(MAX_LABEL_CHARACTERS, because('too_large'))
const amount = z.number(because('wrong_type')).min(0, because('bad_number'))
/** Whether the text is a time is seen when it is read: `timeMs`. */
const time = z.string(because('bad_time'))

/**
 * The log line, before its times are reconciled. The documentation of the fields is made from the
 * descriptions here.
 */
export const lineSchema = z.looseObject({
  debut: time.optional().describe('start of the run, RFC 3339 (UTC when no zone is given)'),
  fin: time.optional().describe('end of the run, RFC 3339 (UTC when no zone is given)'),
  duree: z
    .number(because('wrong_type'))
    .min(0, because('bad_duration'))
    .max(MAX_DURATION_SECONDS, because('bad_duration'))
    .optional()
    .describe('duration in seconds; from `fin` − `debut` when absent'),
  etat: z.enum(STATES, because('unknown_state')).describe('`SUCCESS` or `FAILED`'),
  source: text.describe('what was ingested: the unit that is watched'),
  entreprise: text.describe('the company it was ingested for'),
  zone: text.describe('where it ran'),
  cpu: amount.optional().describe('CPU seconds'),
  memoire: amount.optional().describe('peak memory in MB (10⁶ bytes)'),
  description: z.string(because('wrong_type')).optional().describe('what the run says of itself'),
})

/** A log line that keeps the contract. Unknown fields stand beside these. */
export type LogLine = {
  debut: string
  fin: string
  duree: number
  etat: State
  source: string
  entreprise: string
  zone: string
  cpu?: number | undefined
  memoire?: number | undefined
  description?: string | undefined
  [unknown: string]: unknown
}
