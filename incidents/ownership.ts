import { setTimeout as sleep } from 'node:timers/promises'
import { createKafka, withAdmin, withCalls } from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { keyOf, type TopicPartition } from '../kafka/consumer/partitions.ts'
import { committedOffsets, type Offsets } from '../kafka/offsets.ts'
import { readToEnd } from '../kafka/snapshot.ts'
import { fencingProducer, type TransactionalProducer } from '../kafka/transactions.ts'
import { TOPIC } from '../log/names.ts'
import { type Logger } from '../service/log.ts'
import { type SourceState } from './incident.ts'
import { readState, type StoredState, subjectOf } from './state.ts'

/** A partition of the logs that only this process may write the incidents of. */
export type Owned = {
  producer: TransactionalProducer
  states: Map<string, SourceState>
  /** The sources of this partition that are down. */
  down: Set<string>
  /** Where the group stands; the consumer asked before the predecessor was fenced, so it may know less. */
  nextOffset: bigint
}

/** The partitions that the group assigned to this process, taken over when they are first asked for. */
export type Ownership = {
  assign: (of: TopicPartition) => void
  /** The partition, once it is taken over, and with it all others of its topic. Throws errors of kafkajs. */
  of: (of: TopicPartition) => Promise<Owned>
  /** Gives up what was taken over: the next `of` takes it over anew. */
  giveUp: (of: TopicPartition) => Promise<void>
  /** The same, and it is no longer assigned. */
  end: (of: TopicPartition) => Promise<void>
  isAssigned: (of: TopicPartition) => boolean
  openIncidents: () => number
}

export type Takeover = { where: KafkaSettings; groupId: string; logger: Logger }

/** Takes partitions of one topic over, each with its states. Rejects with errors of kafkajs. */
export type TakeOver = (topic: string, partitions: readonly number[]) => Promise<ReadonlyMap<number, Owned>>

export const createOwnership = (takeover: Takeover): Ownership =>
  ownershipBy((topic, partitions) => takeOver(takeover, topic, partitions))

/** Ownership of partitions that are taken over so. */
export function ownershipBy(takeOverAll: TakeOver): Ownership {
  const assigned = new Map<string, TopicPartition>()
  const taking = new Map<string, Promise<Owned>>()
  const held = new Map<string, Owned>()

  const take = (topic: string): void => {
    const wanted = [...assigned.values()].filter((each) => each.topic === topic && !taking.has(keyOf(each)))
    const taken = takeOverAll(
      topic,
      wanted.map(({ partition }) => partition),
    )
    for (const each of wanted) {
      const key = keyOf(each)
      const mine = taken.then((all) => all.get(each.partition) as Owned)
      taking.set(key, mine)
      mine.then(
        (owned) => taking.get(key) === mine && held.set(key, owned),
        () => taking.get(key) === mine && taking.delete(key),
      )
    }
  }
  const giveUp = async (of: TopicPartition): Promise<void> => {
    const key = keyOf(of)
    const given = taking.get(key)
    taking.delete(key)
    held.delete(key)
    const owned = await given?.catch(() => undefined)
    await owned?.producer.disconnect()
  }
  return {
    assign: (of) => void assigned.set(keyOf(of), of),
    async of(of) {
      if (!taking.has(keyOf(of))) take(of.topic)
      return taking.get(keyOf(of)) as Promise<Owned>
    },
    giveUp,
    async end(of) {
      assigned.delete(keyOf(of))
      await giveUp(of)
    },
    isAssigned: (of) => assigned.has(keyOf(of)),
    openIncidents: () => [...held.values()].reduce((sum, { down }) => sum + down.size, 0),
  }
}

/**
 * The order matters: once all predecessors are fenced, nothing of theirs is open or can still come, so
 * what is read then, states and offsets, is the truth until this process changes it.
 */
async function takeOver(
  takeover: Takeover,
  topic: string,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, Owned>> {
  const { where, groupId, logger } = takeover
  const fencing = await Promise.allSettled(
    partitions.map((partition) =>
      fencingProducer(where, 'vigie-tracker', `${groupId}-${topic}-${partition}`),
    ),
  )
  const producers = fencing.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  try {
    for (const each of fencing) if (each.status === 'rejected') throw each.reason
    const { states: records, committed } = await readTruth(takeover, topic, partitions)
    const stored = new Map([...records].map(([source, value]) => [source, readState(source, value)]))
    logger.info('took over partitions', { topic, partitions, sources: stored.size })
    return new Map(
      partitions.map((partition, index) => {
        const owned = {
          producer: producers[index] as TransactionalProducer,
          nextOffset: committed.get(partition) ?? 0n,
        }
        return [partition, { ...owned, ...statesFor(partition, stored) }]
      }),
    )
  } catch (error) {
    await Promise.allSettled(producers.map((producer) => producer.disconnect()))
    throw error
  }
}

type Truth = { states: Map<string, Buffer>; committed: Offsets }

const READINGS = 5
const PAUSE_MS = 500

/**
 * The states and the offsets that the group has committed. Each transaction writes with its states how
 * far it came: states that do not know of a committed offset were not all read, and are read again. Only
 * offsets that somebody set by hand stay different; then the states are taken as they are.
 */
async function readTruth(takeover: Takeover, topic: string, partitions: readonly number[]): Promise<Truth> {
  const { where, groupId, logger } = takeover
  for (let reading = 1; ; reading++) {
    const states = new Map<string, Buffer>()
    const reached = new Map<number, bigint>()
    await withCalls(where, 'vigie-tracker', (calls) =>
      readToEnd(calls, TOPIC.incidentsState, ({ key, value }) => {
        const subject = subjectOf(String(key), { groupId, topic })
        if (typeof subject === 'number') reached.set(subject, BigInt(String(value)))
        else if (subject !== undefined && value === null) states.delete(subject)
        else if (subject !== undefined && value !== null) states.set(subject, value)
      }),
    )
    const kafka = createKafka(where, 'vigie-tracker', logger)
    const committed = await withAdmin(kafka, where.KAFKA_BROKERS, (admin) =>
      committedOffsets(admin, groupId, topic),
    )
    const behind = partitions.flatMap((partition) => {
      const known = reached.get(partition)
      const offset = committed.get(partition)
      return known === offset
        ? []
        : [{ partition, committed: String(offset ?? 'none'), states: String(known ?? 'none') }]
    })
    if (behind.length === 0) return { states, committed }
    if (reading === READINGS) {
      logger.error('the states are not those of the committed offsets; they are taken as they are', {
        ...{ topic, partitions: behind },
      })
      return { states, committed }
    }
    logger.warn('the states are not those of the committed offsets; they are read again', {
      ...{ topic, partitions: behind, reading },
    })
    await sleep(PAUSE_MS)
  }
}

/** All states, since a source may have come from another partition when partitions were added. */
function statesFor(
  partition: number,
  stored: ReadonlyMap<string, StoredState>,
): Pick<Owned, 'states' | 'down'> {
  const states = new Map([...stored].map(([source, { state }]) => [source, state]))
  const isDownHere = ([, { state, partition: its }]: [string, StoredState]) =>
    its === partition && state.ongoing !== undefined
  return { states, down: new Set([...stored].filter(isDownHere).map(([source]) => source)) }
}
