import { setMaxListeners } from 'node:events'
import { faultOf, isFatal } from '../../../kafka/cluster/errors.ts'
import { type Calls } from '../../../kafka/consumer/calls.ts'
import { type Commit, consume } from '../../../kafka/consumer/consume.ts'
import { type Handler } from '../../../kafka/consumer/handler.ts'
import { keyOf, type TopicPartition } from '../../../kafka/consumer/partitions.ts'
import { writeMark } from '../../../shipper/lane/mark.ts'
import { type Process } from './clock.ts'
import { type Lane, laneWork, newLane } from './lane.ts'
import { type Sink } from './sink.ts'

export type MemberOptions = {
  process: Process
  calls: Calls
  sink: Sink
  topic: string
  groupId: string
  sessionTimeoutMs: number
  instanceId: string | undefined
  nextId: () => number
  violated: (rule: string) => void
  /** It failed by something that stays as it is, so that it ends. */
  onFatal: (fault: string) => void
  note: (what: string) => void
}
export type SimulatedMember = {
  process: Process
  instanceId: string | undefined
  stop: () => void
  isStopping: () => boolean
  /** It left, or failed. */
  isOver: () => boolean
  /** The partitions that it works on. */
  open: () => readonly string[]
}

const AHEAD = 60
const COMMIT_MS = 700
const LOOK_MS = 100
const LOST = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])

/** Runs the real consumer in a process, with a handler that keeps the shipper's rules. */
export function runMember(options: MemberOptions): SimulatedMember {
  const { process, calls, sink, topic, groupId, sessionTimeoutMs, instanceId, violated, note } = options
  const { clock } = process
  const stopping = new AbortController()
  const never = new AbortController().signal
  const lanes = new Map<string, Lane>()
  let leaseUntilMs = 0
  let isOver = false
  let changed = new AbortController()
  const notify = (): void => {
    changed.abort()
    changed = new AbortController()
    setMaxListeners(0, changed.signal)
  }
  const { until, work } = laneWork({
    ...{ process, sink, notify },
    changed: () => changed.signal,
    leaseUntilMs: () => leaseUntilMs,
  })

  const handlerOf = (commit: Commit): Handler => {
    let committing: Promise<void> = Promise.resolve()
    const commitLanes = async (those: readonly Lane[]): Promise<void> => {
      const marks = those.map((lane) => {
        const { topic, partition, watermark: offset, uncertainUntil, begunUntil } = lane
        const mark = Math.max(offset + (lane.isClosed ? 0 : AHEAD), uncertainUntil, begunUntil)
        return {
          lane,
          mark,
          offset,
          commit: { topic, partition, offset, metadata: writeMark({ offset, until: mark }) },
        }
      })
      if (marks.length === 0) return
      await commit(marks.map((each) => each.commit))
      for (const { lane, mark, offset } of marks) {
        lane.allowedUntil = mark
        lane.committedOffset = offset
      }
      notify()
    }
    const commits = async (): Promise<void> => {
      while (!isOver) {
        const due = [...lanes.values()].filter(
          (lane) =>
            !lane.isClosed &&
            (lane.watermark > lane.committedOffset || lane.allowedUntil < lane.watermark + AHEAD),
        )
        committing = commitLanes(due).catch(refused)
        await committing
        await clock.pause(COMMIT_MS, never)
      }
    }
    const refused = (error: unknown): void => {
      if (faultOf(error) === undefined) throw error
    }
    commits().catch((error) => violated(`committing failed: ${error}`))
    const end = async (ending: readonly Lane[], isLost: boolean, deadline: AbortSignal): Promise<void> => {
      await Promise.all(ending.map(({ ended }) => ended))
      await committing
      while (!isLost && ending.length > 0 && !deadline.aborted) {
        try {
          await commitLanes(ending)
          break
        } catch (error) {
          refused(error)
          if (LOST.has(faultOf(error) ?? '')) break
          await clock.pause(LOOK_MS, deadline)
        }
      }
      note(`ended ${ending.map(keyOf).join(', ')}`)
    }
    return {
      begin(beginning) {
        const { topic, partition, generation, offset, metadata } = beginning
        const at = { topic, partition }
        note(`begins ${keyOf(at)} at ${offset} (${metadata}) in generation ${generation}`)
        if (lanes.has(keyOf(at))) violated(`${process.id} begins ${keyOf(at)} twice`)
        if (isOver) violated(`${process.id} begins ${keyOf(at)} after its end`)
        const lane = newLane(beginning, options.nextId(), process.id)
        lanes.set(keyOf(at), lane)
        lane.ended = work(lane)
      },
      async records(fetched) {
        if (isOver) violated(`${process.id} gets records after its end`)
        const lane = lanes.get(keyOf(fetched))
        if (lane === undefined || lane.isClosed || lane.generation !== fetched.generation)
          return violated(`${process.id} gets records of ${keyOf(fetched)}, which it does not work on`)
        if (fetched.firstOffset !== lane.expected)
          violated(`${keyOf(fetched)} goes on at ${fetched.firstOffset}, not at ${lane.expected}`)
        lane.expected = fetched.nextOffset
        lane.queue.push(fetched)
        notify()
        await until(lane, () => lane.queue.length < 2)
      },
      gap: ({ from, to }) => violated(`a gap from ${from} to ${to}`),
      unreadable: ({ problem }) => violated(problem),
      async end(partitions: readonly TopicPartition[], { isLost, deadline }) {
        note(`ends ${partitions.map(keyOf).join(', ')}${isLost ? ', lost' : ''}`)
        const ending = partitions.flatMap((each) => {
          const lane = lanes.get(keyOf(each))
          if (lane === undefined) violated(`${process.id} ends ${keyOf(each)}, which it does not work on`)
          else lane.isClosed = true
          return lane ?? []
        })
        notify()
        await end(ending, isLost, deadline)
        for (const lane of ending) lanes.delete(keyOf(lane))
      },
      joined: () => undefined,
      rebalancing: () => undefined,
      heard(sentMs) {
        leaseUntilMs = Math.max(leaseUntilMs, sentMs + sessionTimeoutMs)
      },
      trouble: (of, reason) => reason !== undefined && note(`trouble of ${of}: ${reason}`),
    }
  }

  consume(
    {
      ...{ calls, clock, groupId, topics: { names: [topic] }, sessionTimeoutMs, instanceId },
      fetching: { minBytes: 1, maxWaitMs: 5_000, maxBytesPerPartition: 1_000 },
    },
    handlerOf,
    stopping.signal,
  )
    .catch((error) => {
      const fault = faultOf(error) ?? ''
      if (isFatal(fault)) options.onFatal(fault)
      else violated(`${process.id} failed: ${error.stack}`)
    })
    .finally(() => {
      if (lanes.size > 0) violated(`${process.id} is over, but works on ${[...lanes.keys()].join(', ')}`)
      isOver = true
      note('is over')
    })
  return {
    ...{ process, instanceId },
    stop: () => stopping.abort(),
    isStopping: () => stopping.signal.aborted,
    isOver: () => isOver,
    open: () => [...lanes].filter(([, { isClosed }]) => !isClosed).map(([key]) => key),
  }
}
