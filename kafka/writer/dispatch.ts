import { type Clock } from '../consumer/clock.ts'
import { errorOfCode } from '../kafkajs.ts'
import { type WriterCalls } from './calls.ts'
import {
  abandon,
  hasWork,
  nextBatch,
  nextBytes,
  type Outlet,
  stored,
  tooLargeForKafka,
  unnumbered,
} from './outlet.ts'
import { type Batch } from './pack.ts'
import { type PartitionAnswer } from './produce.ts'
import { createRecovery } from './recovery.ts'
import { type Topics } from './topics.ts'
import { failed, inTrouble } from './trouble.ts'
import { verdictOf } from './verdict.ts'

/**
 * How much of records, uncompressed, is encoded for one request: with a few copies of it, that is what a writer
 * holds beside the records themselves, once for each broker. Brokers take requests of 100 MB by default.
 */
const REQUEST_BYTES = 8_388_608

/** Sends what waits in the outlets. */
export type Dispatch = {
  /** Something is there to be sent. */
  pump: () => void
  /** Fails whatever is not in Kafka yet. */
  close: (error: unknown) => void
}

type Sending = { outlet: Outlet; batch: Batch }

/**
 * One request for each broker is under way at a time, with a batch for each partition that has something to send,
 * so that records keep their order through every repetition.
 */
export function createDispatch(
  calls: WriterCalls,
  topics: Topics,
  clock: Clock,
  outlets: () => Iterable<Outlet>,
): Dispatch {
  const busy = new Set<number>()
  const closed = new AbortController()
  let turn = 0

  const pump = (): void => {
    const byLeader = new Map<number, Outlet[]>()
    for (const outlet of outlets()) {
      if (outlet.state !== 'idle' || !hasWork(outlet)) continue
      const leader = topics.leaderOf(outlet.topic, outlet.partition)
      if (leader < 0 || outlet.sequence.kind === 'unnumbered') {
        inTrouble(outlet, errorOfCode(LEADER_NOT_AVAILABLE), clock.now())
        continue
      }
      const led = byLeader.get(leader)
      if (led === undefined) byLeader.set(leader, [outlet])
      else led.push(outlet)
    }
    for (const [leader, led] of byLeader) if (!busy.has(leader)) void request(leader, withinRequest(led))
    recovery.recover()
  }

  const request = async (node: number, led: readonly Outlet[]): Promise<void> => {
    busy.add(node)
    turn++
    for (const outlet of led) Object.assign(outlet, { state: 'sending', turn })
    try {
      // Kafka's times are those of the wall clock, and not those of `clock`.
      const made = await Promise.all(led.map((outlet) => nextBatch(outlet, Date.now())))
      const sendings = led.flatMap((outlet, index) => {
        const batch = made[index]
        return batch === undefined ? [] : [{ outlet, batch }]
      })
      if (sendings.length > 0) await send(node, sendings)
    } catch (error) {
      for (const outlet of led) if (hasWork(outlet)) failed(outlet, error, clock.now())
    }
    for (const outlet of led) if (outlet.state === 'sending') outlet.state = 'idle'
    busy.delete(node)
    if (!closed.signal.aborted) pump()
  }

  const send = async (node: number, sendings: readonly Sending[]): Promise<void> => {
    const batches = sendings.map(({ outlet: { topic, partition }, batch }) => ({
      ...{ topic, partition, batch: batch.encoded as Buffer },
    }))
    const answers = await calls.produce(node, batches)
    for (const { outlet, batch } of sendings) {
      const answer = answers.find(
        (each) => each.topic === outlet.topic && each.partition === outlet.partition,
      )
      if (answer === undefined)
        throw new Error(`Kafka answered nothing for ${outlet.topic} ${outlet.partition}`)
      settle(outlet, batch, answer)
    }
  }

  const settle = (outlet: Outlet, batch: Batch, answer: PartitionAnswer): void => {
    const { sequence } = outlet
    const isTransactional = sequence.kind === 'numbered' && sequence.identity.isTransactional
    switch (verdictOf(answer.errorCode, isTransactional)) {
      case 'stored':
        stored(outlet, batch, answer)
        break
      case 'too large':
        topics.outdated(outlet.topic)
        tooLargeForKafka(outlet, batch)
        break
      case 'renumber':
        unnumbered(outlet)
        inTrouble(outlet, errorOfCode(answer.errorCode), clock.now())
        break
      case 'again':
        inTrouble(outlet, errorOfCode(answer.errorCode), clock.now())
        break
      case 'refused':
        abandon(outlet, errorOfCode(answer.errorCode))
    }
  }

  const recovery = createRecovery({ calls, topics, clock, outlets, pump, closed: closed.signal })
  return {
    pump,
    close(error) {
      closed.abort()
      for (const outlet of outlets()) abandon(outlet, error)
    },
  }
}

const LEADER_NOT_AVAILABLE = 5

/** As many outlets as fill a request, those first that have waited longest. */
function withinRequest(led: readonly Outlet[]): readonly Outlet[] {
  let bytes = 0
  return [...led]
    .sort((a, b) => a.turn - b.turn)
    .filter((outlet, index) => {
      bytes += nextBytes(outlet)
      return index === 0 || bytes <= REQUEST_BYTES
    })
}
