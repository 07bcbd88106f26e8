import { clusterOf } from '../client.ts'
import { type KafkaSettings } from '../config.ts'
import { CLOCK, type Clock } from '../consumer/clock.ts'
import { kafkaError } from '../errors.ts'
import { connectionError } from '../kafkajs.ts'
import { createPartitioner } from '../partitioner.ts'
import { joined } from './backlog.ts'
import { byPartition } from './by-partition.ts'
import { type WriterCalls, writerCallsOf } from './calls.ts'
import { createDispatch } from './dispatch.ts'
import { createJob } from './job.ts'
import { createOutlet, type Outlet } from './outlet.ts'
import { type Patience, patiently } from './patiently.ts'
import { type WriterRecord, type Written } from './record.ts'
import { begun, type Identity } from './sequence.ts'
import { fitOf } from './size.ts'
import { createTopics } from './topics.ts'
import { PATIENCE_MS } from './trouble.ts'

export type { Refused, Stored, WriterRecord, Written } from './record.ts'

/** Writes records to Kafka: each once, those of a partition in the order in which they were handed over. */
export type Writer = {
  /**
   * Resolves when all in-sync replicas have the records, except those that are refused since each of them alone is
   * too large. Records that several calls hand over meanwhile go together. Rejects with Kafka's fault after a
   * minute in which a partition took nothing, or at once with one that no waiting mends; some of the records may
   * be in Kafka then. What waits is not copied: who wants to hold little waits for the promise.
   */
  write: <Each extends WriterRecord>(records: readonly Each[]) => Promise<Written<Each>>
  /** Closes the connections. What is not in Kafka by then is rejected. */
  close: () => void
}

/** A writer that has a producer id. Throws CONFIG_INVALID and KAFKA_*. */
export async function openWriter(settings: KafkaSettings, clientId: string): Promise<Writer> {
  const cluster = clusterOf(settings, clientId)
  const calls = writerCallsOf(cluster)
  try {
    const identity = await patiently(CLOCK, PATIENCE, () => calls.newIdentity())
    const writer = createWriter(calls, identity, CLOCK)
    return {
      write: writer.write,
      close() {
        writer.close()
        cluster.close()
      },
    }
  } catch (error) {
    cluster.close()
    throw kafkaError(error, settings.KAFKA_BROKERS)
  }
}

/** As long as a partition waits, asking twice a second. */
const PATIENCE: Patience = { withinMs: PATIENCE_MS, pausesMs: { first: 500, longest: 500 } }

/** The writer over calls that a test may simulate. `identity` is nobody else's. */
export function createWriter(calls: WriterCalls, identity: Identity, clock: Clock): Writer {
  const topics = createTopics(calls, clock.now)
  const outlets = new Map<string, Map<number, Outlet>>()
  const dispatch = createDispatch(calls, topics, clock, () =>
    [...outlets.values()].flatMap((ofTopic) => [...ofTopic.values()]),
  )
  const partitionOf = createPartitioner()
  let entering: Promise<void> | undefined
  let isClosed = false

  const outletOf = (topic: string, partition: number): Outlet => {
    const maxBytes = topics.maxBatchBytesOf(topic)
    const ofTopic = outlets.get(topic) ?? new Map<number, Outlet>()
    outlets.set(topic, ofTopic)
    const known = ofTopic.get(partition)
    if (known === undefined) {
      const outlet = createOutlet(topic, partition, begun(identity), maxBytes)
      ofTopic.set(partition, outlet)
      return outlet
    }
    if (known.fit.toldBytes !== maxBytes) known.fit = fitOf(maxBytes)
    return known
  }

  const untilKnown = (names: readonly string[]): Promise<void> =>
    patiently(clock, PATIENCE, async () => {
      failIfClosed()
      const missing = names.filter((name) => topics.of(name) === undefined)
      const [error] = missing.length === 0 ? [] : await topics.refresh(missing)
      if (error !== undefined) throw error
    })

  const failIfClosed = () => {
    if (isClosed) throw closedError()
  }

  return {
    async write<Each extends WriterRecord>(records: readonly Each[]) {
      failIfClosed()
      const names = [...new Set(records.map(({ topic }) => topic))]
      // Whoever comes later waits, too, so that records keep their order.
      if (entering !== undefined || names.some((name) => topics.of(name) === undefined)) {
        const entered = (entering ?? Promise.resolve()).catch(() => undefined).then(() => untilKnown(names))
        entering = entered
        await entered.finally(() => {
          if (entering === entered) entering = undefined
        })
        failIfClosed()
      }
      if (records.length === 0) return { stored: [], refused: [] }
      const job = createJob<Each>(records.length)
      const countOf = (topic: string) => topics.of(topic)?.leaders.length ?? 1
      for (const { topic, partition, records: own } of byPartition(records, partitionOf, countOf)) {
        const outlet = outletOf(topic, partition)
        outlet.backlog = joined(outlet.backlog, { job, records: own })
      }
      dispatch.pump()
      return job.promise
    },
    close() {
      isClosed = true
      dispatch.close(closedError())
    },
  }
}

const closedError = () => connectionError('The writer was closed', 'kafka')
