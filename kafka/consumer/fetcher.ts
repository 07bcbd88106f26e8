import { type Metadata } from '../cluster/cluster.ts'
import { mayPass } from '../cluster/errors.ts'
import { errorOfCode } from '../kafkajs.ts'
import { type Calls } from './calls.ts'
import { type Clock } from './clock.ts'
import { type Cursor, dueAt, gapAt, isCurrent, newCursor, problemOf } from './cursor.ts'
import { decodeBatches, UnreadableBatch } from './decode-batches.ts'
import { type FetchedPartition } from './decode-fetch.ts'
import { type Beginning, type Handler } from './handler.ts'
import { keyOf, type TopicPartition } from './partitions.ts'

/** How much a consumer fetches at once: at least `minBytes`, unless `maxWaitMs` is over. */
export type Fetching = { minBytes: number; maxWaitMs: number; maxBytesPerPartition: number }

export type FetcherParts = {
  calls: Calls
  clock: Clock
  fetching: Fetching
  handler: Pick<Handler, 'records' | 'gap' | 'unreadable' | 'trouble'>
  /** Asks for new metadata soon: a leader has moved. */
  refresh: () => void
  /** A defect, or a fault that stays. */
  fail: (error: unknown) => void
}

/** Fetches the records of the owned partitions from their leaders, and hands them over. */
export type Fetcher = {
  add: (beginning: Beginning) => void
  /** No record of these is handed over any more. */
  remove: (partitions: readonly TopicPartition[]) => void
  /** Leaders may have moved. Returns the owned partitions, by `keyOf`, that have none now. */
  learn: (metadata: Metadata) => readonly string[]
  close: () => void
}

/** After an error of a partition, and of a broker: leaders move within some 100 ms. */
const AGAIN_MS = 100
/** While partitions are busy, the others are waited for this long at the broker: one with room again is due soon. */
const BUSY_WAIT_MS = 20
/** Bytes can be damaged on their way: records count as unreadable after so many readings. */
const READINGS = 3

export function createFetcher({ calls, clock, fetching, handler, refresh, fail }: FetcherParts): Fetcher {
  const cursors = new Map<string, Cursor>()
  let leaders: ReadonlyMap<string, number> = new Map()
  const loops = new Set<number>()
  const closed = new AbortController()
  let changed = new AbortController()

  const wake = (): void => {
    changed.abort()
    changed = new AbortController()
  }
  const update = (cursor: Cursor, part: Partial<Cursor>): Cursor => {
    const next = { ...cursor, ...part }
    cursors.set(keyOf(cursor), next)
    return next
  }
  const isOurs = ({ generation, ...of }: Cursor): boolean => cursors.get(keyOf(of))?.generation === generation
  const later = (cursor: Cursor): void => void update(cursor, { notBeforeMs: clock.now() + AGAIN_MS })

  const handOver = async (cursor: Cursor, fetched: Parameters<Handler['records']>[0]): Promise<void> => {
    await handler.records(fetched)
    const now = cursors.get(keyOf(cursor))
    if (now?.generation !== cursor.generation) return
    update(now, { isBusy: false })
    wake()
  }

  const taken = async (asked: Cursor, part: FetchedPartition): Promise<void> => {
    const { topic, partition, generation, offset } = asked
    try {
      const { records, nextOffset } = await decodeBatches(part.records, offset, part.aborted)
      if (!isCurrent(cursors, asked)) return
      const { endOffset } = part
      if (nextOffset === offset && part.records.length > 0) {
        // Not a whole batch, against what brokers promise: asking at once would bring the same.
        handler.trouble(`fetch ${keyOf(asked)}`, `no record from offset ${offset} on is whole`)
        return later(asked)
      }
      if (nextOffset === offset && endOffset === asked.endOffset) return
      const cursor = update(asked, { offset: nextOffset, endOffset, isBusy: true, unreadable: 0 })
      const fetched = { topic, partition, generation, records, firstOffset: offset, nextOffset, endOffset }
      handOver(cursor, fetched).catch(fail)
    } catch (error) {
      if (!(error instanceof UnreadableBatch)) throw error
      if (!isCurrent(cursors, asked)) return
      const tries = asked.unreadable + 1
      if (tries < READINGS) {
        update(asked, { unreadable: tries, notBeforeMs: clock.now() + AGAIN_MS })
        return
      }
      const { offset: firstOffset, nextOffset, message: problem } = error
      handler.unreadable({ topic, partition, generation, firstOffset, nextOffset, problem })
      update(asked, { offset: nextOffset, unreadable: 0 })
    }
  }

  const outOfRange = async (node: number, asked: Cursor): Promise<void> => {
    const [earliest, latest] = [
      await calls.listOffset(node, asked, 'earliest'),
      await calls.listOffset(node, asked, 'latest'),
    ]
    if (!isCurrent(cursors, asked)) return
    const gap = gapAt(asked, earliest, latest)
    if (gap === undefined) return later(asked)
    handler.gap(gap)
    update(asked, { offset: gap.to })
  }

  const answered = async (node: number, asked: Cursor, part: FetchedPartition): Promise<void> => {
    if (!isCurrent(cursors, asked)) return
    switch (problemOf(part)) {
      case 'none':
        return taken(asked, part)
      case 'out of range':
        return outOfRange(node, asked)
      case 'forbidden':
        throw errorOfCode(part.errorCode)
      case 'moved':
        refresh()
        return later(asked)
      case 'other':
        handler.trouble(`fetch ${node}`, `${keyOf(asked)}: ${errorOfCode(part.errorCode).message}`)
        refresh()
        return later(asked)
    }
  }

  const fetchOnce = async (node: number, due: readonly Cursor[], isAll: boolean): Promise<void> => {
    const maxWaitMs = isAll ? fetching.maxWaitMs : Math.min(BUSY_WAIT_MS, fetching.maxWaitMs)
    const partitions = due.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    const asked = new Map(due.map((cursor) => [keyOf(cursor), cursor]))
    const parts = await calls.fetch(node, { ...fetching, maxWaitMs, partitions })
    handler.trouble(`fetch ${node}`, undefined)
    for (const part of parts) {
      const cursor = asked.get(keyOf(part))
      if (cursor !== undefined) await answered(node, cursor, part)
    }
    // A broker fills its answer in the order that it is asked in: who came first goes last.
    for (const key of asked.keys()) {
      const cursor = cursors.get(key)
      if (cursor === undefined) continue
      cursors.delete(key)
      cursors.set(key, cursor)
    }
  }

  const loop = async (node: number): Promise<void> => {
    while (!closed.signal.aborted) {
      const led = [...cursors.values()].filter((each) => leaders.get(keyOf(each)) === node)
      if (led.length === 0) break
      const due = dueAt(led, clock.now())
      if (due.length === 0) {
        await clock.pause(AGAIN_MS, changed.signal)
        continue
      }
      try {
        await fetchOnce(node, due, due.length === led.length)
      } catch (error) {
        if (!mayPass(error)) throw error
        if (closed.signal.aborted) break
        handler.trouble(`fetch ${node}`, (error as Error).message)
        for (const cursor of due) if (isOurs(cursor)) later(cursors.get(keyOf(cursor)) as Cursor)
        refresh()
      }
    }
    loops.delete(node)
  }

  const startLoops = (): void => {
    for (const key of cursors.keys()) {
      const node = leaders.get(key)
      if (node === undefined || loops.has(node)) continue
      loops.add(node)
      loop(node).catch(fail)
    }
  }

  return {
    add({ generation, offset, ...of }) {
      cursors.set(keyOf(of), newCursor(of, generation, offset))
      startLoops()
      wake()
    },
    remove(partitions) {
      for (const each of partitions) cursors.delete(keyOf(each))
    },
    learn({ topics }) {
      const led = [...topics].flatMap(([topic, { partitions }]) =>
        partitions
          .filter(({ leader }) => leader >= 0)
          .map(({ partition, leader }) => [keyOf({ topic, partition }), leader] as const),
      )
      leaders = new Map(led)
      startLoops()
      wake()
      return [...cursors.keys()].filter((key) => !leaders.has(key))
    },
    close() {
      closed.abort()
      cursors.clear()
      wake()
    },
  }
}
