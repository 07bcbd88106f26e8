import { LZ4, type Producer } from '../kafka/client.ts'
import { type DecodedRecord } from '../kafka/decoded-record.ts'
import { HEADER, TOPIC } from '../log/names.ts'
import { type Place } from './lanes.ts'

/** Why a record was set aside: one word, and the words of whoever refused it. */
export type Refusal = { reason: string; detail: string }

/** Writes records that Loki refuses to the dead-letter topic, with where they came from and why. */
export async function sendToDeadLetters(
  producer: Producer,
  { topic, partition }: Place,
  records: readonly DecodedRecord[],
  { reason, detail }: Refusal,
): Promise<void> {
  await producer.send({
    topic: TOPIC.deadLetters,
    compression: LZ4,
    messages: records.map(({ key, value, offset }) => ({
      key,
      value,
      headers: {
        [HEADER.reason]: reason,
        [HEADER.detail]: detail,
        [HEADER.topic]: topic,
        [HEADER.partition]: String(partition),
        [HEADER.offset]: offset,
      },
    })),
  })
}
