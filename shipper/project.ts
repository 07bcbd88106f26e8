import { JOB, LABEL_FIELDS, PARSE_LABEL } from '../log/names.ts'
import { timeMs } from '../log/time.ts'
import { type Entry } from '../loki/encode.ts'
import { selector } from '../loki/logql.ts'

/** What of a Kafka record matters here. `timestampMs` is when Kafka got it. */
export type KafkaRecord = { value: Buffer; partition: number; offset: bigint; timestampMs: number }

/** A record as Loki is to store it: its stream and its entry. The line is the Kafka value itself. */
export type Projected = { labels: string; entry: Entry; parsed: boolean }

const NANOS_PER_MS = 1_000_000
/**
 * The digits below the millisecond tell records of the same millisecond apart and keep their order:
 * offset first, then partition. 15,625 × 64 = 1,000,000, the nanoseconds of a millisecond.
 */
const OFFSETS_PER_MS = 15_625n
const PARTITIONS_PER_MS = 64
/** Loki's time is an int64 of nanoseconds, which ends in 2262. */
const LATEST_MS = Date.UTC(2262, 0, 1)

const failedLabels = selector({ job: JOB.logs, [PARSE_LABEL.name]: PARSE_LABEL.failed })

/**
 * Returns the function that turns a record into a stream and an entry. Pure but for a cache of label
 * sets, which has one entry a stream. The time is the log's `fin`, or Kafka's where there is none;
 * the same record always gets the same identity (stream, time, line).
 */
export function projector(): (record: KafkaRecord) => Projected {
  const known = new Map<string, string>()

  const labelsOf = (log: Record<string, unknown>): string => {
    const values = LABEL_FIELDS.map((field) => labelValue(log[field]))
    const key = values.map((value) => `${value?.length}:${value}`).join()
    const cached = known.get(key)
    if (cached !== undefined) return cached
    const present = LABEL_FIELDS.map((field, index) => [field, values[index]] as const).filter(
      (pair): pair is [(typeof LABEL_FIELDS)[number], string] => pair[1] !== undefined,
    )
    const labels = selector({ job: JOB.logs, ...Object.fromEntries(present) })
    known.set(key, labels)
    return labels
  }

  return (record) => {
    const log = parsedObject(record.value)
    const endMs = log === undefined ? undefined : eventTimeMs(log.fin)
    // Kafka says -1 for a record of a producer too old to send a time.
    const entry = entryAt(endMs ?? Math.max(0, record.timestampMs), record)
    if (log === undefined) return { labels: failedLabels, entry, parsed: false }
    return { labels: labelsOf(log), entry, parsed: true }
  }
}

function parsedObject(value: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(value.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined
  } catch {
    return undefined // Not JSON is a case of its own, told by the label `parse`.
  }
}

const labelValue = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined

function eventTimeMs(fin: unknown): number | undefined {
  const endMs = typeof fin === 'string' ? timeMs(fin) : Number.NaN
  return endMs >= 0 && endMs < LATEST_MS ? endMs : undefined
}

function entryAt(ms: number, { partition, offset, value }: KafkaRecord): Entry {
  const digits = Number(offset % OFFSETS_PER_MS) * PARTITIONS_PER_MS + (partition % PARTITIONS_PER_MS)
  return {
    seconds: Math.floor(ms / 1000),
    nanos: (ms % 1000) * NANOS_PER_MS + digits,
    line: value,
  }
}
