import { keyOf, type TopicPartition } from '../../../kafka/consumer/partitions.ts'
import { type Process, type Random, type Time } from './clock.ts'

/** Who stores: one member's work on one partition, from its begin to its end. */
export type Owner = TopicPartition & { id: number; member: string; generation: number }

/** Where members store records, as Loki is for the shipper; it notes what must not happen. */
export type Sink = {
  /** Resolves when the records are stored; false when the answer got lost. */
  store: (from: Process, owner: Owner, offsets: readonly number[]) => Promise<boolean>
  /** Those that are not stored. */
  missing: (from: Process, of: TopicPartition, offsets: readonly number[]) => Promise<readonly number[]>
  has: (of: TopicPartition, offset: number) => boolean
  count: () => number
}

/** A store is through, or broken off, within that time. */
export const STORE_MS = 300
const LOST_AFTER_MS = 500

export function createSink(
  time: Time,
  random: Random,
  violated: (rule: string) => void,
  loss: () => number,
): Sink {
  const stored = new Map<string, Map<number, Owner>>()
  /** Who stored last, and who is at it. */
  const last = new Map<string, Owner>()
  const busy = new Map<string, Set<Owner>>()
  const over = new Set<number>()
  const of = (key: string) => stored.get(key) ?? stored.set(key, new Map()).get(key)
  const nameOf = ({ member, generation, id }: Owner) => `${member} (generation ${generation}, begin ${id})`

  const enter = (key: string, owner: Owner): void => {
    const others = busy.get(key) ?? new Set()
    for (const other of others)
      if (other !== owner) violated(`${nameOf(owner)} and ${nameOf(other)} store ${key} at once`)
    busy.set(key, others.add(owner))
    const before = last.get(key)
    if (over.has(owner.id)) violated(`${nameOf(owner)} stores ${key} after ${nameOf(before as Owner)} did`)
    if (before !== undefined && before !== owner) over.add(before.id)
    last.set(key, owner)
  }
  const put = (key: string, owner: Owner, offset: number): void => {
    const before = of(key)?.get(offset)
    if (before === undefined) of(key)?.set(offset, owner)
    else violated(`${key} ${offset} is stored by ${nameOf(before)}, and by ${nameOf(owner)}`)
  }

  return {
    store: (from, owner, offsets) =>
      new Promise((resolve) => {
        const key = keyOf(owner)
        enter(key, owner)
        time.after(random.next() * STORE_MS, () => {
          busy.get(key)?.delete(owner)
          for (const offset of offsets) put(key, owner, offset)
          const isLost = random.chance(loss())
          time.after(isLost ? LOST_AFTER_MS : random.next() * 5, () => from.arrive(() => resolve(!isLost)))
        })
      }),
    missing: (from, at, offsets) =>
      new Promise((resolve) => {
        time.after(random.next() * 20, () => {
          const left = offsets.filter((offset) => !of(keyOf(at))?.has(offset))
          time.after(random.next() * 20, () => from.arrive(() => resolve(left)))
        })
      }),
    has: (at, offset) => of(keyOf(at))?.has(offset) === true,
    count: () => [...stored.values()].reduce((total, { size }) => total + size, 0),
  }
}
