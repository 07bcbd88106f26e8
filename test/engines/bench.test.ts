import { expect, test } from '@jest/globals'
import { createKafka, withAdmin } from '../../kafka/client.ts'
import { brokers, engineEnv, eventually, settings, start, vigie } from './harness.ts'

const topicsLeft = (): Promise<string[]> =>
  withAdmin(createKafka(settings.kafka, 'test'), brokers, async (admin) =>
    (await admin.listTopics()).filter((topic) => topic.startsWith('vigie-bench-ship-')),
  )

test('bench ship measures both floors and the shipper, and leaves no topic', async () => {
  const { code, stdout, stderr } = await vigie(['bench', 'ship', '--count', '5000', '--json'], engineEnv())
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.anything() })
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ messages: 5_000, partitions: 3, stored: 5_000 })
  expect(report.measurements.map(({ what }: { what: string }) => what)).toEqual([
    'reading alone',
    'the push alone',
    'vigie ship → null sink',
    'vigie ship → Loki',
  ])
  for (const { messagesPerSecond } of report.measurements) expect(messagesPerSecond).toBeGreaterThan(0)
  expect(await topicsLeft()).toEqual([])
})

test('bench ship --scale measures one, two and three shippers', async () => {
  const args = ['bench', 'ship', '--scale', '--count', '3000', '--partitions', '6', '--json']
  const { code, stdout } = await vigie(args, engineEnv())
  expect(code).toBe(0)
  const shippers = JSON.parse(stdout).measurements.map(({ what }: { what: string }) => what[0])
  expect(shippers).toEqual(['1', '2', '3'])
})

test('bench ship --latency sees each log that it looks for', async () => {
  const { code, stdout } = await vigie(['bench', 'ship', '--latency', '--json'], engineEnv())
  expect(code).toBe(0)
  const { messages, probes, p50Ms, p99Ms, maxMs } = JSON.parse(stdout)
  expect({ messages, probes }).toEqual({ messages: 100_000, probes: 900 })
  expect(p50Ms).toBeGreaterThan(0)
  expect(p99Ms).toBeGreaterThanOrEqual(p50Ms)
  expect(maxMs).toBeGreaterThanOrEqual(p99Ms)
})

test('interrupted, it ends its programs, deletes its topic and says so', async () => {
  const bench = start(['bench', 'ship', '--count', '200000'], engineEnv())
  await eventually('the topic is there', async () => (await topicsLeft()).length > 0)
  bench.child.kill('SIGINT')
  const { code, stderr } = await bench.ended
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Interrupted.') })
  expect(await topicsLeft()).toEqual([])
})

test.each([
  ['--count', '0'],
  ['--partitions', 'many'],
])('bench ship %s %s is wrong usage', async (option, value) => {
  const { code, stderr } = await vigie(['bench', 'ship', option, value], engineEnv())
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('whole number') })
})
