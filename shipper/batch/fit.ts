import { type Entry, lineBytes, type Stream } from '../../loki/encode.ts'
import { type LokiLimits } from '../../loki/limits.ts'
import { without } from '../../loki/missing.ts'
import { type Refusal } from '../push/dead-letters.ts'

/** Why an entry is not sent at all, beside the outcomes of pushes (loki/outcome.ts); a closed list. */
export const UNFIT = {
  line_too_long: 'the line is longer than `max_line_size`, and SHIPPER_TRUNCATE_LINES is off',
  too_old: 'the log is older than `reject_old_samples_max_age` allows',
  too_new: 'the log is further in the future than `creation_grace_period` allows',
  too_many_labels: 'its stream has more labels than `max_label_names_per_series`',
  label_too_long: 'a label is longer than `max_label_value_length`',
  metadata_too_large: 'its structured metadata is larger than `max_structured_metadata_size`',
  invalid_tenant: 'the field SHIPPER_TENANT_FIELD holds no name that Loki allows for a tenant',
} as const
export type UnfitReason = keyof typeof UNFIT
type UnfitRefusal = Refusal & { reason: UnfitReason }

/** Entries that Loki would refuse, and why. */
export type Unfit = { entries: Entry[]; refusal: UnfitRefusal }
/** A batch's streams as Loki takes them, and what it would refuse. */
export type Fitted = { fit: readonly Stream[]; unfit: Unfit[] }

/**
 * Holds streams against Loki's limits before they are sent. A line that is too long is cut, with a mark, when
 * `truncate` says so: in its entry itself, which its batch knows its record by. The same line is cut the same
 * way each time. Where all are fit, the streams are handed on as they are.
 */
export function fitted(
  streams: readonly Stream[],
  limits: LokiLimits,
  truncate: boolean,
  nowMs: number,
): Fitted {
  const unfit: Unfit[] = []
  for (const stream of streams) {
    const ofStream = streamProblem(stream, limits)
    if (ofStream !== undefined) {
      unfit.push({ entries: stream.entries, refusal: ofStream })
      continue
    }
    for (const entry of stream.entries) {
      const refusal = entryProblem(entry, limits, truncate, nowMs)
      if (refusal !== undefined) unfit.push({ entries: [entry], refusal })
      else if (truncate && isLong(entry, limits)) entry.line = truncated(entry.line, limits.maxLineBytes)
    }
  }
  if (unfit.length === 0) return { fit: streams, unfit }
  return { fit: without(streams, new Set(unfit.flatMap(({ entries }) => entries))), unfit }
}

/** Most entries have none: nothing is made for those. */
const entryProblem = (
  entry: Entry,
  limits: LokiLimits,
  truncate: boolean,
  nowMs: number,
): UnfitRefusal | undefined =>
  (truncate ? undefined : lineProblem(entry, limits)) ??
  timeProblem(entry, limits, nowMs) ??
  metadataProblem(entry, limits)

const isLong = ({ line }: Entry, { maxLineBytes }: LokiLimits): boolean => line.byteLength > maxLineBytes

/** What Loki allows in a tenant's name (docs: "tenant ID restrictions"). */
const TENANT = /^(?!\.{1,2}$)[a-zA-Z0-9!\-_.*'()]{1,150}$/

function streamProblem({ labels, tenant }: Stream, limits: LokiLimits): UnfitRefusal | undefined {
  if (tenant === undefined || TENANT.test(tenant)) return labelProblem(labels, limits)
  const detail = `${JSON.stringify(tenant.slice(0, 150))} is no name that Loki allows for a tenant`
  return { reason: 'invalid_tenant', detail }
}

function metadataProblem({ metadata }: Entry, { maxMetadataBytes }: LokiLimits): UnfitRefusal | undefined {
  if (metadata === undefined) return undefined
  let bytes = 0
  for (const [name, value] of metadata) bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  if (bytes <= maxMetadataBytes) return undefined
  const detail = `the structured metadata has ${bytes} bytes; Loki takes ${maxMetadataBytes} (max_structured_metadata_size)`
  return { reason: 'metadata_too_large', detail }
}

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)=("(?:[^"\\]|\\.)*")/g

function labelProblem(labels: string, limits: LokiLimits): UnfitRefusal | undefined {
  // Most streams' labels together are shorter than one may be.
  if (labels.length * 4 <= limits.maxLabelValueBytes && limits.maxLabels >= 15) return undefined
  const pairs = [...labels.matchAll(LABEL)]
  if (pairs.length > limits.maxLabels)
    return {
      reason: 'too_many_labels',
      detail: `${pairs.length} labels; Loki takes ${limits.maxLabels} (max_label_names_per_series)`,
    }
  for (const [, name = '', quoted = '""'] of pairs) {
    const bytes = Buffer.byteLength(JSON.parse(quoted) as string)
    if (bytes > limits.maxLabelValueBytes)
      return {
        reason: 'label_too_long',
        detail: `the label ${name} has ${bytes} bytes; Loki takes ${limits.maxLabelValueBytes} (max_label_value_length)`,
      }
  }
  return undefined
}

function lineProblem(entry: Entry, limits: LokiLimits): UnfitRefusal | undefined {
  if (!isLong(entry, limits)) return undefined
  const detail = `the line has ${entry.line.byteLength} bytes; Loki takes ${limits.maxLineBytes} (max_line_size)`
  return { reason: 'line_too_long', detail }
}

function timeProblem({ seconds }: Entry, limits: LokiLimits, nowMs: number): UnfitRefusal | undefined {
  const { maxAgeMs, maxAheadMs } = limits
  if (maxAgeMs !== undefined && seconds * 1_000 < nowMs - maxAgeMs)
    return {
      reason: 'too_old',
      detail: `the log is of ${utc(seconds)}; Loki takes none older than ${maxAgeMs / 1_000} s (reject_old_samples_max_age)`,
    }
  if (maxAheadMs !== undefined && seconds * 1_000 > nowMs + maxAheadMs)
    return {
      reason: 'too_new',
      detail: `the log is of ${utc(seconds)}; Loki takes none more than ${maxAheadMs / 1_000} s ahead (creation_grace_period)`,
    }
  return undefined
}

const utc = (seconds: number): string => new Date(seconds * 1_000).toISOString()

/** The beginning of a line and a mark that says how long it was, together no longer than `maxBytes`. Pure. */
export function truncated(whole: ArrayBufferView, maxBytes: number): Uint8Array {
  const line = lineBytes(whole)
  const mark = Buffer.from(` [truncated from ${line.byteLength} bytes]`)
  let end = Math.max(0, maxBytes - mark.byteLength)
  // Not within a character: those bytes begin with 10.
  while (end > 0 && ((line[end] ?? 0) & 0xc0) === 0x80) end--
  return Buffer.concat([line.subarray(0, end), mark]).subarray(0, maxBytes)
}
