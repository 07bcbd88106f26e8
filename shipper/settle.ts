import { type Entry, type Stream } from '../loki/encode.ts'
import { delayBeforeMs, OUTCOMES, type Outcome } from '../loki/outcome.ts'

/**
 * How long Loki may go on storing a push whose answer did not come: a distributor gives its ingesters
 * that long, whether or not the client still waits (`ingester_client.remote_timeout`, 5 s by default).
 */
export const STILL_ARRIVING_MS = 5_000
/** A push over the tenant's burst is refused however often it is sent: after so many times it is halved. */
const ATTEMPTS_BEFORE_HALVES = 4

/** What settling needs of the world. Everything that waits gives up, by `undefined` or false, when it may not go on. */
export type World = {
  push: (streams: readonly Stream[]) => Promise<Outcome>
  /** Asks Loki which entries it does not have, until it answers. */
  missing: (streams: readonly Stream[]) => Promise<Stream[] | undefined>
  /** Puts refused entries where people find them; false when it had to give up. */
  setAside: (entries: readonly Entry[], outcome: Outcome) => Promise<boolean>
  /** Tells of an attempt that was not all stored, and how long it is until the next one. */
  onRetry: (outcome: Outcome, attempt: number, delayMs: number) => void
  pause: (ms: number) => Promise<void>
  /** Waits until a push may be sent; false when none may be any more. */
  mayGoOn: () => Promise<boolean>
  now: () => number
  random: () => number
}

/**
 * Pushes streams until each entry is stored or set aside, however long that takes. False when it had to
 * give up: then some may be stored and some not.
 */
export async function settle(streams: readonly Stream[], world: World): Promise<boolean> {
  let left: readonly Stream[] = streams
  for (let attempt = 1; left.length > 0; attempt++) {
    if (!(await world.mayGoOn())) return false
    const outcome = await world.push(left)
    const { resend } = OUTCOMES[outcome.name]
    if (resend === 'nothing') return true
    if (resend === 'apart') return settleApart(left, outcome, world)
    const isOverBurst = outcome.name === 'rate_limited' && attempt % ATTEMPTS_BEFORE_HALVES === 0
    if (resend === 'halves' || (isOverBurst && entriesOf(left).length > 1))
      return settleHalves(left, outcome, world)
    const delayMs = delayBeforeMs(attempt, world.random())
    world.onRetry(outcome, attempt, delayMs)
    if (resend === 'missing') {
      const missing = await missingAfter(outcome, left, world)
      if (missing === undefined) return false
      left = missing
    }
    if (left.length > 0) await world.pause(delayMs)
  }
  return true
}

/** What Loki does not have after such an outcome, once nothing of it can arrive any more. */
async function missingAfter(
  outcome: Outcome,
  streams: readonly Stream[],
  world: World,
): Promise<Stream[] | undefined> {
  const endedMs = world.now()
  const missing = await world.missing(streams)
  if (missing === undefined || missing.length === 0 || !OUTCOMES[outcome.name].mayStillArrive) return missing
  const restMs = endedMs + STILL_ARRIVING_MS - world.now()
  if (restMs <= 0) return missing
  await world.pause(restMs)
  return (await world.mayGoOn()) ? world.missing(missing) : undefined
}

/** Of several streams only one's error is told: each missing one is sent on its own, so that its answer is its own. */
async function settleApart(streams: readonly Stream[], outcome: Outcome, world: World): Promise<boolean> {
  const missing = await world.missing(streams)
  if (missing === undefined) return false
  if (streams.length === 1) {
    return missing.length === 0 || world.setAside(entriesOf(missing), outcome)
  }
  for (const stream of missing) if (!(await settle([stream], world))) return false
  return true
}

async function settleHalves(streams: readonly Stream[], outcome: Outcome, world: World): Promise<boolean> {
  const entries = entriesOf(streams)
  if (entries.length === 1) return world.setAside(entries, outcome)
  for (const half of halvesOf(streams)) if (!(await settle(half, world))) return false
  return true
}

const entriesOf = (streams: readonly Stream[]): Entry[] => streams.flatMap(({ entries }) => entries)

/** Two parts of about as many entries, the first ones first. Pure; of one entry the second part is empty. */
export function halvesOf(streams: readonly Stream[]): [Stream[], Stream[]] {
  let room = Math.ceil(entriesOf(streams).length / 2)
  const first: Stream[] = []
  const second: Stream[] = []
  for (const stream of streams) {
    const [head, tail] = [stream.entries.slice(0, room), stream.entries.slice(room)]
    room -= head.length
    if (head.length > 0) first.push({ ...stream, entries: head })
    if (tail.length > 0) second.push({ ...stream, entries: tail })
  }
  return [first, second]
}
