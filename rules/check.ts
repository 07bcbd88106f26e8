import { incidentEventSchema } from '../log/incident.ts'
import { lineSchema } from '../log/line.ts'
import {
  INCIDENT_LABEL_FIELDS,
  JOB,
  LABEL_FIELDS,
  OWN_LOG_LABEL,
  PARSE_LABEL,
  REASON_LABEL,
} from '../log/names.ts'
import { type LokiSettings } from '../loki/config.ts'
import { formatted } from '../loki/query.ts'
import { reasonOf, type VigieError } from '../service/errors.ts'

/** A query and what it is part of: `alert 1-echec-detecte`, `dashboard 2-errors-slas: MTTR`. */
export type NamedQuery = { name: string; query: string }
export type Problem = { name: string; problem: string }

const JOBS = new Set<string>(Object.values(JOB))
const LABELS = new Set<string>([
  'job',
  ...LABEL_FIELDS,
  ...INCIDENT_LABEL_FIELDS,
  ...Object.values(OWN_LOG_LABEL),
  REASON_LABEL,
  PARSE_LABEL.name,
])
const FIELDS = new Set<string>([...Object.keys(lineSchema.shape), ...Object.keys(incidentEventSchema.shape)])

const STRING = /"(?:[^"\\]|\\.)*"|`[^`]*`/g
const SELECTOR = /\{([^{}]*)\}/g
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)\s*(§\d+)/g
const PLAIN_JSON = /\|\s*json\s*(?=[|[)]|$)/
const JSON_STAGE = /\|\s*json\s+((?:\w+(?:\s*=\s*§\d+)?\s*,?\s*)+)/g
const EXTRACTED = /(\w+)(?:\s*=\s*(§\d+))?/g
const LABEL_FORMAT = /\|\s*label_format\s+((?:\w+\s*=\s*[§\w]+\s*,?\s*)+)/g
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([\w\s,]*)\)/g
const UNWRAP = /\|\s*unwrap\s+(?:\w+\s*\(\s*)?(\w+)/g
const LABEL_FILTER = /\|\s*(\w+)\s*(?:=~|!~|!=|==|>=|<=|=|>|<)\s*[§\d]/g
/** Labels that Loki itself gives to lines that a stage could not read. */
const ERROR_LABELS = ['__error__', '__error_details__']

/**
 * The jobs, labels and fields in a query that are not part of the contract, each with what it is. Pure.
 * A query is read without its strings, so that nothing in them is taken for LogQL.
 */
export function foreignNames(query: string): string[] {
  const strings: string[] = []
  const bare = query.replace(STRING, (text) => `§${strings.push(text.slice(1, -1)) - 1}`)
  const textOf = (mark: string | undefined) => strings[Number(mark?.slice(1))] ?? ''
  const found: string[] = []
  const made = new Set<string>(PLAIN_JSON.test(bare) ? [...ERROR_LABELS, ...FIELDS] : ERROR_LABELS)
  for (const [, stage = ''] of bare.matchAll(JSON_STAGE))
    for (const [, label = '', mark] of stage.matchAll(EXTRACTED)) {
      const field = mark === undefined ? label : textOf(mark)
      made.add(label)
      if (!FIELDS.has(field)) found.push(`field ${field}`)
    }
  for (const [, stage = ''] of bare.matchAll(LABEL_FORMAT))
    for (const [, label = ''] of stage.matchAll(/(\w+)\s*=/g)) made.add(label)
  for (const [, matchers = ''] of bare.matchAll(SELECTOR))
    for (const [, label = '', mark] of matchers.matchAll(MATCHER)) {
      if (!LABELS.has(label)) found.push(`label ${label}`)
      if (label === 'job')
        for (const job of textOf(mark).split('|')) if (!JOBS.has(job)) found.push(`job ${job}`)
    }
  for (const [, label = ''] of bare.matchAll(LABEL_FILTER))
    if (!LABELS.has(label) && !made.has(label)) found.push(`label ${label}`)
  for (const [, list = ''] of bare.matchAll(GROUPING))
    for (const label of list.split(',').map((text) => text.trim()))
      if (label !== '' && !LABELS.has(label) && !made.has(label)) found.push(`label ${label}`)
  for (const [, label = ''] of bare.matchAll(UNWRAP))
    if (!made.has(label) && !LABELS.has(label)) found.push(`unwrapped label ${label}`)
  return [...new Set(found)]
}

/** Asks the real Loki to parse each query, and holds its names against the contract. */
export async function check(loki: LokiSettings, queries: readonly NamedQuery[]): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const { name, query } of queries) {
    for (const foreign of foreignNames(query))
      problems.push({ name, problem: `the contract knows no ${foreign}` })
    try {
      await formatted(loki, query)
    } catch (error) {
      if ((error as VigieError).code !== 'LOKI_QUERY_FAILED') throw error
      problems.push({ name, problem: reasonOf(error) })
    }
  }
  return problems
}
