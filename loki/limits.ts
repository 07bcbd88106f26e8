import { parseDocument } from 'yaml'
import { type LokiSettings, lokiAccess } from './config.ts'
import { exchange } from './http.ts'
import { durationMs } from './logql.ts'

/** What a Loki takes. Its own names of these are in docs/loki.md. */
export type LokiLimits = {
  maxLineBytes: number
  maxLabels: number
  maxLabelValueBytes: number
  maxMetadataBytes: number
  /** How old an entry may be, and how far in the future; undefined when Loki takes any. */
  maxAgeMs: number | undefined
  maxAheadMs: number | undefined
  /** What a tenant may send at once, and what one stream may get, a second and at once. */
  burstBytes: number
  streamBytesPerSecond: number
  streamBurstBytes: number
  /** How many streams a tenant may have at a time. */
  maxStreams: number
  /** How far behind its newest entry a stream still takes one: half of `max_chunk_age`. */
  outOfOrderMs: number
}

const MIB = 1_048_576
/** Loki 3.7.6's defaults. How old an entry may be (7 days by default) is left to a Loki that does not say. */
export const DEFAULT_LIMITS: LokiLimits = {
  maxLineBytes: 256 * 1_024,
  maxLabels: 15,
  maxLabelValueBytes: 2_048,
  maxMetadataBytes: 64 * 1_024,
  maxAgeMs: undefined,
  maxAheadMs: undefined,
  burstBytes: 6 * MIB,
  streamBytesPerSecond: 3 * MIB,
  streamBurstBytes: 15 * MIB,
  maxStreams: 5_000,
  outOfOrderMs: 3_600_000,
}

const TIMEOUT_MS = 5_000

/** Loki's configuration as it prints it (GET /config); undefined when it does not tell. Never throws. */
export async function configOf(settings: LokiSettings): Promise<string | undefined> {
  try {
    const url = `${settings.LOKI_URL}/config`
    const request = { method: 'GET', url, ...lokiAccess(settings), timeoutMs: TIMEOUT_MS } as const
    const { status, body } = await exchange(request)
    return status === 200 ? body : undefined
  } catch {
    return undefined // Whatever is wrong, the next push says it better.
  }
}

/** All that is needed of it: the whole, 3,500 lines, takes 0.3 s of CPU to parse, this much 0.02 s. */
const sectionsOf = (text: string): string =>
  text
    .split(/\n(?=\S)/)
    .filter((section) => /^(limits_config|ingester):/.test(section))
    .join('\n')

type Section = Readonly<Record<string, unknown>>
const sectionOf = (value: unknown): Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Section) : {}

/**
 * Reads the limits in Loki's configuration; what is not there has Loki's default. Undefined when it is no
 * configuration of Loki. Pure.
 */
export function readLimits(text: string): LokiLimits | undefined {
  const document = parseDocument(sectionsOf(text))
  const config = sectionOf(document.errors.length === 0 ? document.toJS() : undefined)
  if (!('limits_config' in config)) return undefined
  const limits = sectionOf(config.limits_config)
  const isStrict = limits.reject_old_samples !== false
  const chunkAgeMs = durationOf(sectionOf(config.ingester).max_chunk_age)
  return {
    maxLineBytes: bytesOf(limits.max_line_size) ?? DEFAULT_LIMITS.maxLineBytes,
    maxLabels: numberOf(limits.max_label_names_per_series) ?? DEFAULT_LIMITS.maxLabels,
    maxLabelValueBytes: numberOf(limits.max_label_value_length) ?? DEFAULT_LIMITS.maxLabelValueBytes,
    maxMetadataBytes: bytesOf(limits.max_structured_metadata_size) ?? DEFAULT_LIMITS.maxMetadataBytes,
    maxAgeMs: isStrict ? durationOf(limits.reject_old_samples_max_age) : undefined,
    maxAheadMs: durationOf(limits.creation_grace_period),
    burstBytes: megabytesOf(limits.ingestion_burst_size_mb) ?? DEFAULT_LIMITS.burstBytes,
    streamBytesPerSecond: bytesOf(limits.per_stream_rate_limit) ?? DEFAULT_LIMITS.streamBytesPerSecond,
    streamBurstBytes: bytesOf(limits.per_stream_rate_limit_burst) ?? DEFAULT_LIMITS.streamBurstBytes,
    maxStreams: numberOf(limits.max_global_streams_per_user) ?? DEFAULT_LIMITS.maxStreams,
    outOfOrderMs: chunkAgeMs === undefined ? DEFAULT_LIMITS.outOfOrderMs : chunkAgeMs / 2,
  }
}

/** A limit of 0 is none, in Loki's configuration. */
const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value || Number.POSITIVE_INFINITY : undefined
const megabytesOf = (value: unknown): number | undefined => {
  const megabytes = numberOf(value)
  return megabytes === undefined ? undefined : megabytes * MIB
}
const durationOf = (value: unknown): number | undefined => {
  const ms = durationMs(String(value))
  return ms === undefined || ms === 0 ? undefined : ms
}

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KB: 1_024, MB: MIB, GB: 1_024 * MIB }
/** `256KB` and the like: Loki's units are of 1024. */
function bytesOf(value: unknown): number | undefined {
  const [, digits, unit] = /^([\d.]+)\s*([KMG]?B?)$/i.exec(String(value)) ?? []
  const factor = UNITS[(unit ?? '').toUpperCase()]
  if (digits === undefined || factor === undefined) return undefined
  return Number(digits) * factor || Number.POSITIVE_INFINITY
}
