import { expect, test } from '@jest/globals'
import { countsIn } from '../../cli/stored.ts'
import {
  asMessages,
  createTopic,
  logAt,
  produce,
  settings,
  startShipper,
  stopService,
  unique,
  untilCounted,
} from './harness.ts'

test('a window counts what ended in it, to the millisecond, and no line twice at the seams of its slices', async () => {
  const topic = unique('windows')
  const source = unique('windows')
  const dayMs = 86_400_000
  const firstMs = Date.now() - 100 * dayMs
  const ends = [
    firstMs - 1,
    firstMs,
    firstMs + 30 * dayMs - 1,
    firstMs + 30 * dayMs,
    firstMs + 60 * dayMs,
    firstMs + 60 * dayMs + 1,
  ]
  const logs = ends.flatMap((endMs) =>
    [0, 1, 2].map((index) =>
      logAt(source, (Date.now() - endMs) / 1000, {
        fin: new Date(endMs).toISOString(),
        description: `${index}`,
      }),
    ),
  )
  await createTopic(topic)
  await produce(topic, asMessages(logs))
  const shipper = await startShipper({ KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group` })
  await untilCounted(source, logs.length)
  await stopService(shipper)
  const counts = await countsIn(settings.loki, { fromMs: firstMs, toMs: firstMs + 60 * dayMs })
  expect(counts).toEqual({ lines: 12, successes: 12, failures: 0 })
})
