import { connectionError } from '../../../kafka/kafkajs.ts'
import { type Process, type Random, type Time } from './clock.ts'

/** How a broker answers: at once, later, or never. */
export type Reply<Answer> = { answer: (answer: Answer) => void; refuse: (error: Error) => void }

/** The ways between processes and brokers. */
export type Network = {
  nodes: readonly number[]
  isUp: (node: number) => boolean
  setUp: (node: number, isUp: boolean) => void
  /** The share of requests, and of answers, that get lost; none also mends what is cut. */
  setLoss: (share: number) => void
  /** Calls once when a broker has taken the process's next request of a purpose, its answer still on the way. */
  onNext: (from: Process, purpose: string, act: () => void) => void
  /** Lets nothing through of a process's connections of a purpose for so long. */
  cut: (from: Process, purpose: string, ms: number) => void
  /** Sends a request to a broker on a connection of a purpose; requests of one connection stay in order. */
  request: <Answer>(
    from: Process,
    node: number,
    purpose: string,
    handle: (reply: Reply<Answer>) => void,
    timeoutMs?: number,
  ) => Promise<Answer>
}

/** As kafka/cluster/link.ts has it. */
const TIMEOUT_MS = 15_000
/** Answers to fetches often, so that leaders move meanwhile. */
const SLOW = { usual: 0.02, fetch: 0.1, ms: 2_000 }

export function createNetwork(time: Time, random: Random, brokers: number): Network {
  const nodes = Array.from({ length: brokers }, (_, index) => index + 1)
  const up = new Set(nodes)
  const open = new Map(nodes.map((node) => [node, new Set<() => void>()]))
  const lastMs = new Map<string, number>()
  const acts = new Map<string, () => void>()
  const cuts = new Set<string>()
  let loss = 0

  /** When something sent now arrives: not before what was sent before it. */
  const inOrder = (way: string): number => {
    const share = way.endsWith('fetch back') ? SLOW.fetch : SLOW.usual
    const delayMs = loss > 0 && random.chance(share) ? random.int(0, SLOW.ms) : random.next() * 5
    const atMs = Math.max(lastMs.get(way) ?? 0, time.now() + delayMs)
    lastMs.set(way, atMs)
    return atMs - time.now()
  }

  return {
    nodes,
    isUp: (node) => up.has(node),
    setUp(node, isUp) {
      if (isUp) up.add(node)
      else {
        up.delete(node)
        for (const broken of open.get(node) ?? []) time.after(random.next() * 5, broken)
      }
    },
    setLoss(share) {
      loss = share
      if (share > 0) return
      cuts.clear()
      acts.clear()
    },
    onNext: (from, purpose, act) => void acts.set(`${from.id} ${purpose}`, act),
    cut(from, purpose, ms) {
      const name = `${from.id} ${purpose}`
      cuts.add(name)
      time.after(ms, () => cuts.delete(name))
    },
    request: (from, node, purpose, handle, timeoutMs = TIMEOUT_MS) =>
      new Promise((resolve, reject) => {
        const way = `${from.id} ${node} ${purpose}`
        const inFlight = open.get(node) ?? new Set()
        let isSettled = false
        const settle = (run: () => void): void => {
          if (isSettled) return
          isSettled = true
          inFlight.delete(broken)
          from.arrive(run)
        }
        const broken = (): void =>
          settle(() => reject(connectionError('The connection is broken', String(node))))
        /** A connection that breaks is noticed at once; one that is silent, by a timeout. */
        const lose = (): void => void time.after(random.chance(0.5) ? 1 : timeoutMs, broken)
        const back =
          <Told>(then: (told: Told) => void) =>
          (told: Told) => {
            if (random.chance(loss)) return lose()
            time.after(inOrder(`${way} back`), () => settle(() => then(told)))
          }
        time.after(inOrder(way), () => {
          if (!up.has(node)) return void time.after(1, broken)
          if (cuts.has(`${from.id} ${purpose}`) || random.chance(loss)) return lose()
          inFlight.add(broken)
          handle({ answer: back(resolve), refuse: back(reject) })
          acts.get(`${from.id} ${purpose}`)?.()
          acts.delete(`${from.id} ${purpose}`)
        })
      }),
  }
}
