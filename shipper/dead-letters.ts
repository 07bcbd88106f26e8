import { LZ4, type Producer } from '../kafka/client.ts'
import { HEADER, TOPIC } from '../log/names.ts'
import { type Outcome } from '../loki/outcome.ts'
import { type KafkaRecord } from './project.ts'

/** Writes records that Loki refuses to the dead-letter topic, with where they came from and why. */
export async function sendToDeadLetters(
  producer: Producer,
  topic: string,
  records: readonly KafkaRecord[],
  outcome: Pick<Outcome, 'reason' | 'detail'>,
): Promise<void> {
  await producer.send({
    topic: TOPIC.deadLetters,
    compression: LZ4,
    messages: records.map(({ value, partition, offset }) => ({
      value,
      headers: {
        [HEADER.reason]: outcome.reason,
        [HEADER.detail]: outcome.detail,
        [HEADER.topic]: topic,
        [HEADER.partition]: String(partition),
        [HEADER.offset]: String(offset),
      },
    })),
  })
}
