import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, type Kafka, type Producer, withAdmin } from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { committedOffsets, type Offsets } from '../kafka/offsets.ts'
import { readToEnd } from '../kafka/snapshot.ts'
import { fencingProducer } from '../kafka/transactions.ts'
import { TOPIC } from '../log/names.ts'
import { type Logger } from '../service/log.ts'
import { type SourceState } from './incident.ts'
import { readState, type StoredState, subjectOf } from './state.ts'

/** A partition of the logs that only this process may write the incidents of. */
export type Owned = {
  producer: Producer
  states: Map<string, SourceState>
  /** The sources of this partition that are down. */
  down: Set<string>
  /** Where the group stands; kafkajs asked before the predecessor was fenced, so it may know less. */
  nextOffset: bigint
}

/** The partitions of the present generation, taken over when the first of them is asked for. */
export type Ownership = {
  /** Begins a generation: what was owned so far is given up. */
  assign: (partitions: readonly number[]) => void
  /** The partition, once all of the generation are taken over. Throws when another process took it. */
  of: (partition: number) => Promise<Owned>
  /** Gives up a partition that failed, and with it the others, so that the next `of` takes them over anew. */
  failed: (owned: Owned) => Promise<void>
  close: () => Promise<void>
  openIncidents: () => number
}

export type Takeover = { kafka: Kafka; where: KafkaSettings; groupId: string; logger: Logger }
type Partitions = ReadonlyMap<number, Owned>

export function createOwnership(takeover: Takeover): Ownership {
  let assigned: readonly number[] = []
  let taking: Promise<Partitions> | undefined
  let held: Partitions = new Map()

  const giveUp = async (): Promise<void> => {
    const given = taking
    taking = undefined
    held = new Map()
    const partitions = await given?.catch(() => undefined)
    await disconnectAll([...(partitions?.values() ?? [])].map(({ producer }) => producer))
  }
  const take = async (): Promise<Partitions> => {
    const mine = takeOver(takeover, assigned)
    taking = mine
    try {
      const partitions = await mine
      if (taking === mine) held = partitions
      return partitions
    } catch (error) {
      if (taking === mine) taking = undefined
      throw error
    }
  }
  return {
    assign(partitions) {
      void giveUp()
      assigned = partitions
    },
    async of(partition) {
      const owned = (await (taking ?? take())).get(partition)
      if (owned === undefined) throw new Error(`partition ${partition} is no longer assigned`)
      return owned
    },
    // One that was given up already fails because of that: its successor must not suffer for it.
    failed: async (owned) => {
      if ([...held.values()].includes(owned)) await giveUp()
    },
    close: giveUp,
    openIncidents: () => [...held.values()].reduce((sum, { down }) => sum + down.size, 0),
  }
}

/**
 * The order matters: once all predecessors are fenced, nothing of theirs is open or can still come, so
 * what is read then, states and offsets, is the truth until this process changes it.
 */
async function takeOver(takeover: Takeover, partitions: readonly number[]): Promise<Partitions> {
  const { kafka, where, groupId, logger } = takeover
  const topic = where.KAFKA_TOPIC
  const fencing = await Promise.allSettled(
    partitions.map((partition) =>
      fencingProducer(where, 'vigie-tracker', `${groupId}-${topic}-${partition}`, logger),
    ),
  )
  const producers = fencing.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  try {
    for (const each of fencing) if (each.status === 'rejected') throw each.reason
    const { states: records, committed } = await withAdmin(kafka, where.KAFKA_BROKERS, (admin) =>
      readTruth(takeover, admin, partitions),
    )
    const stored = new Map([...records].map(([source, value]) => [source, readState(source, value)]))
    logger.info('took over partitions', { partitions, sources: stored.size })
    return new Map(
      partitions.map((partition, index) => {
        const owned = { producer: producers[index] as Producer, nextOffset: committed.get(partition) ?? 0n }
        return [partition, { ...owned, ...statesFor(partition, stored) }]
      }),
    )
  } catch (error) {
    await disconnectAll(producers)
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
async function readTruth(
  { kafka, where, groupId, logger }: Takeover,
  admin: Admin,
  partitions: readonly number[],
): Promise<Truth> {
  const topic = where.KAFKA_TOPIC
  for (let reading = 1; ; reading++) {
    const states = new Map<string, Buffer>()
    const reached = new Map<number, bigint>()
    await readToEnd(kafka, admin, TOPIC.incidentsState, groupId, ({ key, value }) => {
      const subject = subjectOf(String(key), { groupId, topic })
      if (typeof subject === 'number') reached.set(subject, BigInt(String(value)))
      else if (subject !== undefined && value === null) states.delete(subject)
      else if (subject !== undefined && value !== null) states.set(subject, value)
    })
    const committed = await committedOffsets(admin, groupId, topic)
    const behind = partitions.flatMap((partition) => {
      const known = reached.get(partition)
      const offset = committed.get(partition)
      return known === offset
        ? []
        : [{ partition, committed: String(offset ?? 'none'), states: String(known ?? 'none') }]
    })
    if (behind.length === 0) return { states, committed }
    logger.warn('the states are not those of the committed offsets', { partitions: behind, reading })
    if (reading === READINGS) return { states, committed }
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

async function disconnectAll(producers: readonly Producer[]): Promise<void> {
  await Promise.allSettled(producers.map((producer) => producer.disconnect()))
}
