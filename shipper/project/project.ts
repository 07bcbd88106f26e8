import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { JOB, LABEL_FIELDS, PARSE_LABEL } from '../../log/names.ts'
import { timeMs, utcMs } from '../../log/time.ts'
import { type Entry, type Metadata } from '../../loki/encode.ts'
import { selector } from '../../loki/logql.ts'
import { type Destination, destinations, type StreamOptions } from './destination.ts'
import { internedTexts } from './intern.ts'
import { fieldScanner } from './scan.ts'

/** A record as Loki is to store it: its stream and its entry. The line is the Kafka value itself. */
export type Projected = Destination & { entry: Entry; parsed: boolean }
/** Turns a record of a partition into a stream and an entry. The same record always gets the same line and time. */
export type Projector = (record: DecodedRecord, partition: number) => Projected

const NANOS_PER_MS = 1_000_000
/**
 * The digits below the millisecond tell records of the same millisecond apart and keep their order:
 * offset first, then partition. 15,625 × 64 = 1,000,000, the nanoseconds of a millisecond.
 */
const OFFSETS_PER_MS = 15_625
const PARTITIONS_PER_MS = 64
/** Loki's time is an int64 of nanoseconds, which ends in 2262. */
const LATEST_MS = Date.UTC(2262, 0, 1)

/**
 * Returns the function that projects logs. Pure but for what `streams` remembers. The time is the log's
 * `fin`, or Kafka's where there is none.
 */
export const projector = (streams: StreamOptions = {}): Projector =>
  jsonProjector(JOB.logs, LABEL_FIELDS, 'fin', streams)

/**
 * A projector of JSON records: the fields that become labels, and the field that is the time. Most records
 * are read by one pass over their bytes; those that it cannot read are parsed, with the same result.
 */
export function jsonProjector(
  job: string,
  labelFields: readonly string[],
  timeField: string,
  streams: StreamOptions = {},
): Projector {
  const failed: Destination = { labels: selector({ job, [PARSE_LABEL.name]: PARSE_LABEL.failed }) }
  const destinationOf = destinations(job, labelFields, streams)
  const { tenantField } = streams
  const fields = [...new Set([...labelFields, ...(tenantField === undefined ? [] : [tenantField])])]
  const { scan, spans } = fieldScanner([...fields, timeField])
  const time = fields.length
  const scanned = internedTexts(fields.length, (texts) =>
    destinationOf(Object.fromEntries(fields.map((field, index) => [field, texts[index]]))),
  )
  return (record, partition) => {
    const { bytes, valueStart: start } = record
    const end = start + record.byteLength
    if (scan(bytes, start, end)) {
      const eventMs = spanTimeMs(bytes, spans.starts[time] as number, spans.ends[time] as number)
      const { labels, tenant, metadata } = scanned(bytes, spans)
      const entry = entryAt(eventMs ?? arrivalMs(record), record.offsetNumber, partition, record, metadata)
      return { labels, tenant, entry, parsed: true }
    }
    const json = parsedObject(bytes.toString('utf8', start, end))
    const eventMs = json === undefined ? undefined : eventTimeMs(json[timeField])
    const timestampMs = eventMs ?? arrivalMs(record)
    const { labels, tenant, metadata } = json === undefined ? failed : destinationOf(json)
    const entry = entryAt(timestampMs, record.offsetNumber, partition, record, metadata)
    return { labels, tenant, entry, parsed: json !== undefined }
  }
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined
  } catch {
    return undefined // Not JSON is a case of its own, told by the label `parse`.
  }
}

function spanTimeMs(value: Buffer, start: number, end: number): number | undefined {
  if (start === end) return undefined
  const ms = utcMs(value, start, end)
  if (ms < LATEST_MS) return ms
  return eventTimeMs(value.toString('utf8', start, end))
}

function eventTimeMs(time: unknown): number | undefined {
  const ms = typeof time === 'string' ? timeMs(time) : Number.NaN
  return ms >= 0 && ms < LATEST_MS ? ms : undefined
}

/** When Kafka got a record; it says -1 for one of a producer too old to send a time. */
export const arrivalMs = ({ timestampMs }: DecodedRecord): number => Math.max(0, timestampMs)

/** A line at a millisecond, with the digits below it that identify the record it comes from. */
export function entryAt(
  ms: number,
  offset: number,
  partition: number,
  line: ArrayBufferView,
  metadata?: Metadata,
): Entry {
  const digits = (offset % OFFSETS_PER_MS) * PARTITIONS_PER_MS + (partition % PARTITIONS_PER_MS)
  const nanos = (ms % 1000) * NANOS_PER_MS + digits
  const seconds = Math.floor(ms / 1000)
  return metadata === undefined ? { seconds, nanos, line } : { seconds, nanos, line, metadata }
}
