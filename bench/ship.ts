import { type KafkaSettings } from '../kafka/config.ts'
import { type LokiSettings } from '../loki/config.ts'
import { nanoseconds, queryInstant } from '../loki/query.ts'
import { type ProducerSettings } from '../producer/config.ts'
import { type StackContext } from '../stack/service.ts'
import { startThrowawayLoki } from '../stack/throwaway.ts'
import { startChild } from './child.ts'
import { type Job, type Measurement, pushAlone, readAlone, shipped } from './measure.ts'
import { withBenchTopic } from './topic.ts'

export type ShipBench = {
  kafka: KafkaSettings
  producer: ProducerSettings
  context: StackContext
  count: number
  partitions: number
}
/** What shipping cost; `stored` is what Loki counts in the end. */
export type ShipReport = {
  messages: number
  bytes: number
  partitions: number
  stored: number | null
  measurements: Measurement[]
}

/** How many shippers share a topic, and of how many partitions, when it is measured how they scale. */
const SHIPPERS = [1, 2, 3]
export const SCALE_PARTITIONS = 12

/**
 * Measures reading alone, pushing alone, and the real shipper into a null sink and into a real Loki, which is
 * empty and its own: the logs of a benchmark are nothing for a Loki in use. Loki's engine must be there.
 * Throws KAFKA_*, BENCH_FAILED, and INTERRUPTED when the signal fires.
 */
export async function benchShip(bench: ShipBench, signal: AbortSignal): Promise<ShipReport> {
  const { kafka, producer, count, partitions } = bench
  const newestMs = Date.now()
  return withBenchTopic(
    kafka,
    producer,
    partitions,
    { count, newestMs, copies: 1 },
    signal,
    async (topic) => {
      const job: Job = { kafka, topic, count, signal }
      const measurements = [await readAlone(job)]
      await withNullSink(bench, async (nowhere) => {
        measurements.push(await pushAlone(job, nowhere.LOKI_URL))
        measurements.push(await shipped(job, 'vigie ship → null sink', nowhere))
      })
      const { loki, stop } = await startThrowawayLoki(bench.context, signal)
      try {
        const own = { ...loki, LOKI_TENANT_ID: 'bench' }
        measurements.push(await shipped(job, 'vigie ship → Loki', own))
        const stored = await storedIn(own, newestMs)
        return { messages: count, bytes: topic.bytes, partitions, stored, measurements }
      } finally {
        await stop()
      }
    },
  )
}

/** Measures one, two and three shippers that share a topic, into a null sink: Loki would be the limit. */
export async function benchScale(bench: ShipBench, signal: AbortSignal): Promise<ShipReport> {
  const { kafka, producer, count, partitions } = bench
  const logs = { count, newestMs: Date.now(), copies: partitions }
  return withBenchTopic(kafka, producer, partitions, logs, signal, (topic) =>
    withNullSink(bench, async (nowhere) => {
      const job: Job = { kafka, topic, count, signal }
      const measurements: Measurement[] = []
      for (const shippers of SHIPPERS) {
        const what = `${shippers} × vigie ship → null sink`
        measurements.push(await shipped(job, what, nowhere, shippers))
      }
      return { messages: count, bytes: topic.bytes, partitions, stored: null, measurements }
    }),
  )
}

async function withNullSink<Result>(
  { context }: ShipBench,
  use: (nowhere: LokiSettings) => Promise<Result>,
): Promise<Result> {
  const sink = startChild('dist/bench/null-sink.js', [], {})
  try {
    const port = await sink.said(/(?<=port )\d+(?=\n)/)
    return await use({ ...context.loki, LOKI_URL: `http://127.0.0.1:${port}` })
  } finally {
    await sink.stop()
  }
}

async function storedIn(loki: LokiSettings, newestMs: number): Promise<number> {
  const query = 'sum(count_over_time({job="kafka-logs"}[121d]))'
  const [sample] = await queryInstant(loki, query, nanoseconds(newestMs + 1_000))
  return sample?.value ?? 0
}
