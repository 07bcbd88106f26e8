import { type TopicPartition } from '../../kafka/consumer/partitions.ts'
import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { type Writer } from '../../kafka/writer/writer.ts'
import { HEADER, TOPIC } from '../../log/names.ts'
import { vigieError } from '../../service/errors.ts'

/** Why a record became a dead letter: one word, and the words of whoever refused it. */
export type Refusal = { reason: string; detail: string }
/** The reason of a record that a defect of Vigie keeps from being shipped. */
export const DEFECT = 'defect'

/** Loki may answer with a whole page; what helps stands at its beginning. */
const MAX_DETAIL_CHARACTERS = 4_096

/**
 * Writes records that Loki refuses to the dead-letter topic, with where they came from and why. One that the
 * topic does not take, which may allow less than the record's own, is cut and says so. Throws kafkajs's
 * errors, and KAFKA_FAILED where the topic does not even take that.
 */
export async function sendToDeadLetters(
  writer: Pick<Writer, 'write'>,
  { topic, partition }: TopicPartition,
  records: readonly DecodedRecord[],
  { reason, detail }: Refusal,
): Promise<void> {
  const { refused } = await writer.write(
    records.map(({ key, value, offset }) => ({
      topic: TOPIC.deadLetters,
      ifTooLarge: 'cut' as const,
      key,
      value,
      headers: {
        [HEADER.reason]: reason,
        [HEADER.detail]: detail.slice(0, MAX_DETAIL_CHARACTERS),
        [HEADER.topic]: topic,
        [HEADER.partition]: String(partition),
        [HEADER.offset]: offset,
      },
    })),
  )
  const [first] = refused
  if (first !== undefined) throw tooSmall(first.maxBytes)
}

const tooSmall = (maxBytes: number) =>
  vigieError('KAFKA_FAILED', {
    brokers: TOPIC.deadLetters,
    problem: `max.message.bytes is ${maxBytes}, which no dead letter fits`,
  })
