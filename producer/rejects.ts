import { type Refused, type WriterRecord } from '../kafka/writer/writer.ts'
import { REJECT_REASONS } from '../log/line.ts'
import { HEADER, TOPIC } from '../log/names.ts'
import { type Rejection } from '../log/normalise.ts'
import { vigieError } from '../service/errors.ts'
import { type RawRecord } from './records.ts'
import { type Sink } from './sink.ts'
import { countRejected, type Tally, uncount } from './tally.ts'

/** A record on its way to Kafka; that of a log says which one of the input it was. */
export type Outgoing = WriterRecord & { log?: { uri: string; number: number; isSuccess: boolean } }

/** What it takes to set a record aside. */
export type Rejects = {
  sink: Sink<Outgoing>
  /** Stop at the first rejected record. */
  isStrict: boolean
  tally: Tally
}

/** Sends a record to the topic of the rejected ones, cut where it takes less. Throws INPUT_RECORD_REJECTED. */
export async function reject(
  { sink, isStrict, tally }: Rejects,
  record: Pick<RawRecord, 'bytes' | 'number' | 'sizeBytes'> & { uri: string },
  { reason, detail }: Rejection,
): Promise<void> {
  const { uri } = record
  if (isStrict) {
    const why = REJECT_REASONS[reason]
    throw vigieError('INPUT_RECORD_REJECTED', { record: record.number, uri, why, detail, sent: tally.sent })
  }
  countRejected(tally, reason)
  const headers: Record<string, string> = {
    [HEADER.reason]: reason,
    [HEADER.detail]: detail,
    [HEADER.uri]: uri,
    [HEADER.record]: String(record.number),
  }
  if (record.sizeBytes > record.bytes.byteLength) headers[HEADER.truncated] = String(record.sizeBytes)
  const value = Buffer.from(record.bytes)
  await sink.add({ topic: TOPIC.rejected, value, headers, ifTooLarge: 'cut' }, value.byteLength)
}

/** Logs that Kafka does not take become rejected records like those that are none. Throws as `reject`. */
export async function rejectRefused(rejects: Rejects): Promise<void> {
  for (const refused of rejects.sink.refused()) await rejectLog(rejects, refused)
}

async function rejectLog(
  rejects: Rejects,
  { record: { topic, value, log }, sizeBytes, maxBytes }: Refused<Outgoing>,
): Promise<void> {
  // A topic of rejected records that takes not even a cut one leaves nothing to be done.
  if (log === undefined) return
  uncount(rejects.tally, log.isSuccess)
  const bytes = Buffer.from(String(value))
  await reject(
    rejects,
    { ...log, bytes, sizeBytes: bytes.length },
    { reason: 'too_large', detail: `${sizeBytes} bytes compressed, the topic ${topic} takes ${maxBytes}` },
  )
}
