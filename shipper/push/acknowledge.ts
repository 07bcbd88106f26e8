import { type Entry, type Stream } from '../../loki/encode.ts'
import { delayBeforeMs, OUTCOMES, type Outcome } from '../../loki/outcome.ts'

/**
 * How long Loki may go on storing a push whose answer did not come: a distributor gives its ingesters
 * that long, whether or not the client still waits (`ingester_client.remote_timeout`, 5 s by default).
 */
export const STILL_ARRIVING_MS = 5_000
/** A push over the tenant's burst is refused however often it is sent: after so many times it is halved. */
const ATTEMPTS_BEFORE_HALVES = 4

/** What pushing needs. Everything that waits gives up, by `undefined` or false, when it may not go on. */
export type Pushing = {
  push: (streams: readonly Stream[]) => Promise<Outcome>
  /** Asks Loki which entries it does not have, until it answers. Where it may not be asked, that is all of them. */
  missing: (streams: readonly Stream[]) => Promise<Stream[] | undefined>
  /** Whether Loki may be asked, as far as is known. */
  mayAsk: () => boolean
  /** Makes dead letters of refused entries; false when it had to give up. */
  deadLetter: (entries: readonly Entry[], outcome: Outcome) => Promise<boolean>
  /** Tells of an attempt that was not all stored, and how long it is until the next one. */
  onRetry: (outcome: Outcome, attempt: number, delayMs: number) => void
  pause: (ms: number) => Promise<void>
  /** Waits until a push may be sent; false when none may be any more. */
  mayGoOn: () => Promise<boolean>
  now: () => number
  random: () => number
}

/**
 * Pushes streams until each entry is stored or a dead letter, however long that takes. False when it had to
 * give up: then some may be stored and some not.
 */
export async function pushUntilAcknowledged(streams: readonly Stream[], pushing: Pushing): Promise<boolean> {
  let left: readonly Stream[] = streams
  for (let attempt = 1; left.length > 0; attempt++) {
    if (!(await pushing.mayGoOn())) return false
    const outcome = await pushing.push(left)
    const { resend } = OUTCOMES[outcome.name]
    if (resend === 'nothing') return true
    if (resend === 'apart') return pushApart(left, outcome, pushing)
    const isOverBurst = outcome.name === 'rate_limited' && attempt % ATTEMPTS_BEFORE_HALVES === 0
    if (resend === 'halves' || (isOverBurst && entriesOf(left).length > 1))
      return pushHalves(left, outcome, pushing)
    const delayMs = delayBeforeMs(attempt, pushing.random())
    pushing.onRetry(outcome, attempt, delayMs)
    if (resend === 'missing') {
      const missing = await missingAfter(outcome, left, pushing)
      if (missing === undefined) return false
      left = missing
    }
    if (left.length > 0) await pushing.pause(delayMs)
  }
  return true
}

/** What Loki does not have after such an outcome, once nothing of it can arrive any more. */
async function missingAfter(
  outcome: Outcome,
  streams: readonly Stream[],
  pushing: Pushing,
): Promise<Stream[] | undefined> {
  const endedMs = pushing.now()
  const missing = await pushing.missing(streams)
  if (missing === undefined || missing.length === 0 || !OUTCOMES[outcome.name].mayStillArrive) return missing
  const restMs = endedMs + STILL_ARRIVING_MS - pushing.now()
  if (restMs <= 0) return missing
  await pushing.pause(restMs)
  return (await pushing.mayGoOn()) ? pushing.missing(missing) : undefined
}

/** Of several streams only one's error is told: each missing one is sent on its own, so that its answer is its own. */
async function pushApart(streams: readonly Stream[], outcome: Outcome, pushing: Pushing): Promise<boolean> {
  const missing = await pushing.missing(streams)
  if (missing === undefined) return false
  const [stream] = streams
  if (streams.length === 1 && stream !== undefined) {
    const entries = entriesOf(missing)
    if (entries.length === 0) return true
    // Which ones were refused is not guessed at: sent on its own, each gets an answer of its own.
    if (entries.length > 1 && !pushing.mayAsk()) return pushSingly(stream, entries, pushing)
    return pushing.deadLetter(entries, outcome)
  }
  for (const each of missing) if (!(await pushUntilAcknowledged([each], pushing))) return false
  return true
}

async function pushSingly(stream: Stream, entries: readonly Entry[], pushing: Pushing): Promise<boolean> {
  for (const entry of entries)
    if (!(await pushUntilAcknowledged([{ ...stream, entries: [entry] }], pushing))) return false
  return true
}

async function pushHalves(streams: readonly Stream[], outcome: Outcome, pushing: Pushing): Promise<boolean> {
  const entries = entriesOf(streams)
  if (entries.length === 1) return pushing.deadLetter(entries, outcome)
  for (const half of halvesOf(streams)) if (!(await pushUntilAcknowledged(half, pushing))) return false
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
