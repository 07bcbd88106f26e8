import { withCalls } from '../../kafka/client.ts'
import { type KafkaSettings } from '../../kafka/config.ts'
import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { readBatches } from '../../kafka/snapshot.ts'
import { settings } from './harness.ts'

export type Read = { partition: number; record: DecodedRecord }

/** Every committed record of a topic, those of a partition in their order. */
export async function read(topic: string, where: KafkaSettings = settings.kafka): Promise<Read[]> {
  const found: Read[] = []
  await withCalls(where, 'test', (calls) =>
    readBatches(calls, topic, async ({ partition, records }) => {
      for (const record of records) found.push({ partition, record })
    }),
  )
  return found
}
