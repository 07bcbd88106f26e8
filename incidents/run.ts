import { hash } from 'node:crypto'
import { MAX_QUOTED_CHARACTERS } from '../log/incident.ts'
import { MAX_LABEL_CHARACTERS, STATES, type State } from '../log/line.ts'
import { timeMs } from '../log/time.ts'

/** What of a log decides about incidents. */
export type Run = {
  source: string
  entreprise: string
  zone: string
  failed: boolean
  /** The log's `fin`, in ms since 1970. */
  endMs: number
  /** When Kafka got the log, in ms since 1970. */
  arrivedMs: number
  description: string | undefined
  /** The same for the same bytes, and for no others. */
  identity: string
}

/** 66 bits of SHA-1, whose hundred candidates in one millisecond will not collide. */
const IDENTITY_CHARACTERS = 11
/** The last time that is written with a year of four digits, as `at` and `fin` are. */
const LATEST_MS = Date.UTC(9999, 11, 31)

/**
 * Reads a log as it stands on the topic; undefined when it lacks what incidents need: JSON with a known
 * `etat`, a `fin` that is a time, and `source`, `entreprise` and `zone` that can be labels. Pure.
 */
export function runOf(value: Buffer | null, arrivedMs: number): Run | undefined {
  const log = value === null ? undefined : parsedObject(value)
  if (value === null || log === undefined) return undefined
  const { etat, fin, source, entreprise, zone, description } = log
  if (!isState(etat) || !isLabel(source) || !isLabel(entreprise) || !isLabel(zone)) return undefined
  const endMs = typeof fin === 'string' ? timeMs(fin) : Number.NaN
  if (!(endMs >= 0 && endMs < LATEST_MS)) return undefined
  return {
    source,
    entreprise,
    zone,
    failed: etat === 'FAILED',
    endMs,
    arrivedMs,
    description: typeof description === 'string' ? description.slice(0, MAX_QUOTED_CHARACTERS) : undefined,
    identity: hash('sha1', value, 'base64url').slice(0, IDENTITY_CHARACTERS),
  }
}

function parsedObject(value: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(value.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined // Counted as skipped, like any other record that is no log.
  }
}

const isState = (value: unknown): value is State => (STATES as readonly unknown[]).includes(value)
const isLabel = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_LABEL_CHARACTERS
