import { type Clock } from '../../../kafka/consumer/clock.ts'

/** Chance from a seed: the same seed, the same run. */
export type Random = {
  /** At least 0, below 1. */
  next: () => number
  /** A whole number; both ends are possible. */
  int: (min: number, max: number) => number
  chance: (probability: number) => boolean
  pick: <Each>(from: readonly Each[]) => Each
}

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(0, from.length - 1)] as never,
  }
}

export type Cancel = () => void
type Timer = { dueMs: number; tie: number; run: () => void; isOff: boolean }

/** Time that passes only when nothing is left to do now. */
export type Time = {
  now: () => number
  after: (ms: number, run: () => void) => Cancel
  /** Lets so much time pass. */
  pass: (ms: number) => Promise<void>
  /** Lets time pass until `isDone`, which is asked now and then, but no more than so much. */
  passUntil: (isDone: () => boolean, atMostMs: number) => Promise<void>
}

/** Node runs what was put off by nextTick when no promise's reaction is left. */
const idle = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

const isBefore = (a: Timer, b: Timer): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.tie < b.tie)

const LOOK_MS = 500

/** What is due at the same moment happens in an order by chance. */
export function createTime(random: Random): Time {
  let nowMs = 0
  /** A heap: the first comes next. */
  const timers: Timer[] = []
  const push = (timer: Timer): void => {
    let at = timers.push(timer) - 1
    for (let up = (at - 1) >> 1; at > 0 && isBefore(timer, timers[up] as Timer); up = (at - 1) >> 1) {
      timers[at] = timers[up] as Timer
      at = up
    }
    timers[at] = timer
  }
  const pop = (): Timer | undefined => {
    const first = timers[0]
    const last = timers.pop()
    if (last === undefined || timers.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= timers.length) break
      if (child + 1 < timers.length && isBefore(timers[child + 1] as Timer, timers[child] as Timer)) child++
      if (!isBefore(timers[child] as Timer, last)) break
      timers[at] = timers[child] as Timer
      at = child
    }
    timers[at] = last
    return first
  }
  const pass = async (ms: number): Promise<void> => {
    const untilMs = nowMs + ms
    await idle()
    while (timers.length > 0 && (timers[0] as Timer).dueMs <= untilMs) {
      const { dueMs, isOff, run } = pop() as Timer
      if (isOff) continue
      nowMs = dueMs
      run()
      await idle()
    }
    nowMs = untilMs
  }
  return {
    now: () => nowMs,
    pass,
    async passUntil(isDone, atMostMs) {
      for (const untilMs = nowMs + atMostMs; nowMs < untilMs && !isDone(); ) await pass(LOOK_MS)
    },
    after(ms, run) {
      const timer = { dueMs: nowMs + Math.max(0, ms), tie: random.next(), run, isOff: false }
      push(timer)
      return () => {
        timer.isOff = true
      }
    },
  }
}

/** A process that lives in that time: it can be suspended, and killed. */
export type Process = {
  id: string
  clock: Clock
  isAlive: () => boolean
  /** Something reaches the process: held back while it is suspended, and dropped when it is dead. */
  arrive: (run: () => void) => void
  suspend: () => void
  resume: () => void
  kill: () => void
}

export function createProcess(time: Time, id: string): Process {
  let state: 'running' | 'suspended' | 'dead' = 'running'
  let timers: (() => void)[] = []
  let answers: (() => void)[] = []
  const arriveAt = (held: () => (() => void)[]) => (run: () => void) => {
    if (state === 'running') run()
    else if (state === 'suspended') held().push(run)
  }
  const onTimer = arriveAt(() => timers)
  const arrive = arriveAt(() => answers)
  const pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const onAbort = () => {
        cancel()
        resolve()
      }
      const cancel = time.after(ms, () =>
        onTimer(() => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        }),
      )
      signal.addEventListener('abort', onAbort, { once: true })
    })
  return {
    id,
    clock: { now: time.now, pause },
    isAlive: () => state !== 'dead',
    arrive,
    suspend() {
      if (state === 'running') state = 'suspended'
    },
    resume() {
      if (state !== 'suspended') return
      state = 'running'
      // Timers come before sockets in a turn of Node's event loop.
      const held = [...timers.map((run) => () => onTimer(run)), ...answers.map((run) => () => arrive(run))]
      timers = []
      answers = []
      held.forEach((run, index) => {
        time.after(index / 1_000, run)
      })
    },
    kill() {
      state = 'dead'
    },
  }
}
