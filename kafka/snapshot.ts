import { setTimeout as sleep } from 'node:timers/promises'
import { type PartitionMetadata } from './cluster/cluster.ts'
import { mayPass } from './cluster/errors.ts'
import { type Calls, partitionsOf } from './consumer/calls.ts'
import { decodeBatches } from './consumer/decode-batches.ts'
import { type DecodedRecord } from './decoded-record.ts'
import { connectionError, errorOfCode } from './kafkajs.ts'
import { type Offsets } from './offsets.ts'

/** How long nothing may come: longer than any transaction stays open, and than a broker's restart. */
const PATIENCE_MS = 60_000
const AGAIN_MS = 100
const FETCHING = { minBytes: 1, maxWaitMs: 500, maxBytesPerPartition: 1_048_576 }

/** Consecutive records of one partition. */
export type Records = { partition: number; records: readonly DecodedRecord[] }

/** Hands over every committed record of a topic, one by one; else as `readBatches`. */
export async function readToEnd(
  calls: Calls,
  topic: string,
  onRecord: (record: DecodedRecord) => void,
): Promise<void> {
  await readBatches(calls, topic, async ({ records }) => records.forEach(onRecord))
}

type Leaders = readonly PartitionMetadata[]
const LEADER_NOT_AVAILABLE = 5

/** A partition that is being read: the next offset, and the one to stop at. */
type Reading = { partition: number; offset: number; readonly end: number }

/**
 * Hands over every committed record of a topic once, from its beginning to the end that it has now, in the
 * order of each partition; a transaction that is open then is waited for. Resolves with those ends. Throws
 * what `onBatch` throws, and when a minute brings nothing.
 */
export async function readBatches(
  calls: Calls,
  topic: string,
  onBatch: (batch: Records) => Promise<void>,
): Promise<Offsets> {
  const readings = await patiently(topic, () => readingsOf(calls, topic))
  let leaders: Leaders | undefined
  for (let left = readings; left.length > 0; left = left.filter(({ offset, end }) => offset < end))
    await patiently(topic, async () => {
      const known = leaders ?? (await partitionsOf(calls, topic))
      // Those that bring nothing, or an error, may have moved.
      leaders = undefined
      const hasMoved = await advance(calls, topic, known, left, onBatch)
      if (hasMoved) leaders = known
      return hasMoved
    })
  return new Map(readings.map(({ partition, end }) => [partition, BigInt(end)]))
}

/** Tries again until something succeeds, through a restart of a broker; it returns undefined for nothing new. */
async function patiently<Result>(topic: string, attempt: () => Promise<Result | undefined>): Promise<Result> {
  const deadlineMs = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      const result = await attempt()
      if (result !== undefined) return result
      if (Date.now() > deadlineMs) throw connectionError(`nothing came for ${PATIENCE_MS / 1000} s`, topic)
    } catch (error) {
      if (!mayPass(error)) throw error
      if (Date.now() > deadlineMs)
        throw connectionError(`${topic} could not be read to its end: ${(error as Error).message}`, topic)
      await sleep(AGAIN_MS)
    }
  }
}

async function readingsOf(calls: Calls, topic: string): Promise<Reading[]> {
  return Promise.all(
    (await partitionsOf(calls, topic)).map(async ({ partition, leader }) => {
      const [offset, end] = [
        await calls.listOffset(leader, { topic, partition }, 'earliest'),
        await calls.listOffset(leader, { topic, partition }, 'latest'),
      ]
      return { partition, offset, end }
    }),
  )
}

/** One fetch from each leader; undefined when nothing came. */
async function advance(
  calls: Calls,
  topic: string,
  leaders: Leaders,
  readings: readonly Reading[],
  onBatch: (batch: Records) => Promise<void>,
): Promise<true | undefined> {
  const open = readings.filter(({ offset, end }) => offset < end)
  if (open.length === 0) return true
  let hasMoved = false
  let hasAsked = false
  for (const node of new Set(leaders.map(({ leader }) => leader))) {
    const led = open.filter(({ partition }) =>
      leaders.some((each) => each.partition === partition && each.leader === node),
    )
    if (node < 0 || led.length === 0) continue
    hasAsked = true
    const partitions = led.map(({ partition, offset }) => ({ topic, partition, offset }))
    for (const part of await calls.fetch(node, { ...FETCHING, partitions })) {
      const reading = led.find(({ partition }) => partition === part.partition)
      if (reading === undefined) continue
      if (part.errorCode !== 0) throw errorOfCode(part.errorCode)
      const { records, nextOffset } = await decodeBatches(part.records, reading.offset, part.aborted)
      const wanted = records.filter(({ offsetNumber }) => offsetNumber < reading.end)
      if (wanted.length > 0) await onBatch({ partition: reading.partition, records: wanted })
      hasMoved ||= nextOffset > reading.offset
      reading.offset = nextOffset
    }
  }
  if (!hasAsked) throw errorOfCode(LEADER_NOT_AVAILABLE)
  return hasMoved ? true : undefined
}
