import { type Beginning, type Fetched } from '../../../kafka/consumer/handler.ts'
import { readMark } from '../../../shipper/lane/mark.ts'
import { type Process } from './clock.ts'
import { type Owner, type Sink, STORE_MS } from './sink.ts'

/** The work on one partition: stores its records in order, as the shipper's lane does. */
export type Lane = Owner & {
  /** What comes before it is stored. */
  watermark: number
  /** A predecessor may have stored up to there. */
  uncertainUntil: number
  /** It may have stored up to there itself. */
  begunUntil: number
  /** Up to there a successor would ask the sink. */
  allowedUntil: number
  committedOffset: number
  /** Where the next records have to begin. */
  expected: number
  queue: Fetched[]
  isClosed: boolean
  ended: Promise<void>
}

const RECORDS_AT_ONCE = 15
const LOOK_MS = 100

export const newLane = (beginning: Beginning, id: number, member: string): Lane => {
  const { topic, partition, generation, offset, metadata } = beginning
  return {
    ...{ topic, partition, id, member, generation, watermark: offset, expected: offset },
    ...{
      uncertainUntil: readMark(offset, metadata).until,
      allowedUntil: -1,
      begunUntil: -1,
      committedOffset: -1,
    },
    ...{ queue: [], isClosed: false, ended: Promise.resolve() },
  }
}

export type LaneParts = {
  process: Process
  sink: Sink
  /** Fires when something that a lane may wait for has changed. */
  changed: () => AbortSignal
  notify: () => void
  /** Nothing is stored after that. */
  leaseUntilMs: () => number
}
/** Runs a lane until it is closed; `until` waits for something, false when the lane was closed meanwhile. */
export function laneWork({ process, sink, changed, notify, leaseUntilMs }: LaneParts) {
  const { clock } = process
  const until = async (lane: Lane, isSo: () => boolean): Promise<boolean> => {
    while (!lane.isClosed && !isSo()) await clock.pause(LOOK_MS, changed())
    return !lane.isClosed
  }
  const mayStore = (lane: Lane) => until(lane, () => clock.now() + STORE_MS <= leaseUntilMs())

  const settle = async (lane: Lane, records: readonly number[]): Promise<boolean> => {
    const [first = 0, last = 0] = [records[0], records.at(-1)]
    if (!(await until(lane, () => last < lane.allowedUntil))) return false
    for (let isUncertain = first < lane.uncertainUntil; ; isUncertain = true) {
      if (!(await mayStore(lane))) return false
      const missing = isUncertain ? await sink.missing(process, lane, records) : records
      if (!(await mayStore(lane))) return false
      lane.begunUntil = last + 1
      if (missing.length === 0 || (await sink.store(process, lane, missing))) return true
    }
  }
  const work = async (lane: Lane): Promise<void> => {
    while (await until(lane, () => lane.queue.length > 0)) {
      const fetched = lane.queue[0] as Fetched
      const offsets = fetched.records.map(({ offsetNumber }) => offsetNumber)
      for (let at = 0; at < offsets.length; at += RECORDS_AT_ONCE) {
        const some = offsets.slice(at, at + RECORDS_AT_ONCE)
        lane.watermark = Math.max(lane.watermark, some[0] as number)
        if (!(await settle(lane, some))) return
        lane.watermark = (some.at(-1) as number) + 1
      }
      lane.watermark = fetched.nextOffset
      lane.queue.shift()
      notify()
    }
  }
  return { until, work }
}
