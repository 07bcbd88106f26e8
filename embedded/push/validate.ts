import { type Labels } from '../../logql/source.ts'
import { type Limits } from '../config.ts'
import { type NewEntry } from '../store/store.ts'
import { type Identity, isOver } from './identity.ts'
import { addAmount, addSentence, type RefusalReason, type Report, secondText } from './report.ts'

/** The time of an entry in ms since 1970: exact to the microsecond, which is enough to hold it against a limit. */
export const entryMs = ({ seconds, nanos }: NewEntry): number => seconds * 1_000 + nanos / 1e6

/** The bytes of structured metadata: names and values as UTF-8. Pure. */
export function metadataBytes(metadata: Labels | undefined): number {
  if (metadata === undefined) return 0
  let bytes = 0
  for (const [name, value] of metadata) bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  return bytes
}

/** What an entry counts for in rates and metrics: its line and its structured metadata. Pure. */
export const entryBytes = ({ line, metadata }: NewEntry): number => line.length + metadataBytes(metadata)

/**
 * The entries of a stream that are within the limits that need no knowledge of the store, in their order.
 * The others are reported.
 */
export function validEntries(
  identity: Identity,
  entries: readonly NewEntry[],
  limits: Limits,
  nowMs: number,
  report: Report,
): readonly NewEntry[] {
  const { problem, key } = identity
  if (problem !== undefined) {
    addSentence(report, () => problem.message)
    let bytes = 0
    for (const entry of entries) bytes += entryBytes(entry)
    addAmount(report, 400, problem.reason, { lines: entries.length, bytes })
    return []
  }
  const range = timeRange(limits, nowMs)
  const valid: NewEntry[] = []
  for (const entry of entries) {
    const taken = withinLineSize(entry, limits)
    const wrong = problemOf(taken, key, limits, range)
    if (wrong === undefined) valid.push(withTidyMetadata(taken))
    else {
      addSentence(report, wrong.message)
      addAmount(report, 400, wrong.reason, { lines: 1, bytes: entryBytes(entry) })
    }
  }
  return valid
}

type TimeRange = { oldestMs: number; newestMs: number }

const timeRange = (limits: Limits, nowMs: number): TimeRange => ({
  oldestMs: limits.reject_old_samples ? nowMs - limits.reject_old_samples_max_age : Number.NEGATIVE_INFINITY,
  newestMs:
    limits.creation_grace_period === 0 ? Number.POSITIVE_INFINITY : nowMs + limits.creation_grace_period,
})

const withinLineSize = (entry: NewEntry, { max_line_size_truncate, max_line_size }: Limits): NewEntry =>
  max_line_size_truncate && isOver(entry.line.length, max_line_size)
    ? { ...entry, line: entry.line.subarray(0, max_line_size) }
    : entry

type Problem = { reason: RefusalReason; message: () => string }

function problemOf(
  entry: NewEntry,
  key: string,
  limits: Limits,
  { oldestMs, newestMs }: TimeRange,
): Problem | undefined {
  const atMs = entryMs(entry)
  if (atMs < oldestMs)
    return {
      reason: 'greater_than_max_sample_age',
      message: () =>
        `entry for stream '${key}' has timestamp too old: ${secondText(atMs)}, oldest acceptable timestamp is: ${secondText(oldestMs)}`,
    }
  if (atMs > newestMs)
    return {
      reason: 'too_far_in_future',
      message: () => `entry for stream '${key}' has timestamp too new: ${secondText(atMs)}`,
    }
  const { length } = entry.line
  if (isOver(length, limits.max_line_size))
    return {
      reason: 'line_too_long',
      message: () =>
        `max entry size '${limits.max_line_size}' bytes exceeded for stream '${key}' while adding an entry with length '${length}' bytes`,
    }
  return entry.metadata === undefined ? undefined : metadataProblem(entry.metadata, key, limits)
}

function metadataProblem(metadata: Labels, key: string, limits: Limits): Problem | undefined {
  if (!limits.allow_structured_metadata)
    return {
      reason: 'disallowed_structured_metadata',
      message: () =>
        `stream '${key}' includes structured metadata, but this feature is disallowed. Please see \`limits_config.allow_structured_metadata\` or contact your Loki administrator to enable it`,
    }
  const bytes = metadataBytes(metadata)
  if (isOver(bytes, limits.max_structured_metadata_size))
    return {
      reason: 'structured_metadata_too_large',
      message: () =>
        `stream '${key}' has structured metadata too large: '${bytes}' bytes, limit: '${limits.max_structured_metadata_size}' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it`,
    }
  if (isOver(metadata.size, limits.max_structured_metadata_entries_count))
    return {
      reason: 'structured_metadata_too_many',
      message: () =>
        `stream '${key}' has too many structured metadata labels: '${metadata.size}', limit: '${limits.max_structured_metadata_entries_count}'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it`,
    }
  return undefined
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Structured metadata in the order of its names, and these as label names, as Loki makes them. */
function withTidyMetadata(entry: NewEntry): NewEntry {
  const { metadata } = entry
  if (metadata === undefined) return entry
  let before = ''
  for (const name of metadata.keys()) {
    if (name < before || !NAME.test(name)) return { ...entry, metadata: tidy(metadata) }
    before = name
  }
  return entry
}

const tidy = (metadata: Labels): Labels =>
  new Map(
    [...metadata]
      .map(([name, value]) => [labelName(name), value] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

function labelName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_]/g, '_')
  return /^\d/.test(plain) ? `key_${plain}` : plain
}
