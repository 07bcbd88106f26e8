import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, createKafka, withAdmin, withCalls } from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { committedOffsets, endOffsets, type Offsets, recordsBetween } from '../kafka/offsets.ts'
import { type State } from '../log/line.ts'
import { TOPIC } from '../log/names.ts'
import { type LokiSettings } from '../loki/config.ts'
import { duration } from '../loki/logql.ts'
import { nanoseconds, queryInstant, type Sample } from '../loki/query.ts'
import { type Scope } from '../rules/expressions.ts'
import { type KpiId, kpi, linesInWindow } from '../rules/kpis.ts'
import { type ErrorCode, type VigieError, vigieError } from '../service/errors.ts'

const POLL_MS = 200
/** Longer than a shipper needs to be missed by its group and replaced. */
const STALL_MS = 60_000
const MAYBE_AWAY: ReadonlySet<ErrorCode> = new Set(['KAFKA_UNREACHABLE', 'KAFKA_FAILED'])
/** A default Loki answers for what it acknowledged at once; one with a cache in front, within seconds. */
const VISIBLE_WITHIN_MS = 20_000

/**
 * Waits until the shipper's group has committed everything that is in the topic now. Throws
 * SHIPPER_STALLED when it does not move for a minute, KAFKA_UNREACHABLE or KAFKA_FAILED when Kafka is away that long.
 */
export async function untilShipped(
  settings: KafkaSettings,
  onProgress: (left: number) => void,
  stop: AbortSignal,
): Promise<void> {
  const { KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic, KAFKA_GROUP_ID: group } = settings
  const kafka = createKafka(settings, 'vigie-replay')
  let goal: Offsets | undefined
  let least = Number.POSITIVE_INFINITY
  let movedMs = Date.now()
  const poll = async (admin: Admin): Promise<void> => {
    goal ??= await withCalls(settings, 'vigie-replay', (calls) => endOffsets(calls, topic))
    while (!stop.aborted) {
      const left = recordsBetween(await committedOffsets(admin, group, topic), goal)
      onProgress(left)
      if (left === 0) return
      if (left < least) movedMs = Date.now()
      least = Math.min(least, left)
      const stalledMs = Date.now() - movedMs
      if (stalledMs > STALL_MS)
        throw vigieError('SHIPPER_STALLED', { seconds: Math.round(stalledMs / 1000), left, group })
      await sleep(POLL_MS)
    }
  }
  for (let isOver = false; !isOver; ) {
    try {
      await withAdmin(kafka, brokers, poll)
      isOver = true
    } catch (error) {
      // A broker that starts anew first refuses connections, then questions; the shipper needs time after it.
      const isAway = MAYBE_AWAY.has((error as VigieError).code) && Date.now() - movedMs < STALL_MS
      if (!isAway) throw error
      least = Number.POSITIVE_INFINITY
      await sleep(POLL_MS)
    }
  }
}

/** A span of event time, in ms since 1970, both ends included. */
export type Window = { fromMs: number; toMs: number }
export type Counts = { lines: number; successes: number; failures: number }

/** Asks a metric at the end of a window. */
function ask(
  loki: LokiSettings,
  query: (scope: Scope) => string,
  { fromMs, toMs }: Window,
): Promise<Sample[]> {
  // To the last nanosecond of the last millisecond, so that windows side by side share no line.
  return queryInstant(loki, query({ window: duration(toMs + 1 - fromMs) }), nanoseconds(toMs + 1) - 1n)
}

/** A default Loki refuses queries over more than 30 days and an hour (`max_query_length`). */
const SLICE_MS = 30 * 86_400_000

/** The same span in pieces that a default Loki answers. Pure. */
export function slices({ fromMs, toMs }: Window): Window[] {
  const pieces: Window[] = []
  for (let startMs = fromMs; startMs <= toMs; startMs += SLICE_MS)
    pieces.push({ fromMs: startMs, toMs: Math.min(toMs, startMs + SLICE_MS - 1) })
  return pieces
}

/** What Loki counts in a window. */
export async function countsIn(loki: LokiSettings, window: Window): Promise<Counts> {
  const total: Counts = { lines: 0, successes: 0, failures: 0 }
  for (const slice of slices(window)) {
    const [lines, byState] = await Promise.all([
      ask(loki, linesInWindow, slice),
      ask(loki, kpi('runsByState').query, slice),
    ])
    const of = (state: State) => byState.find(({ labels }) => labels.etat === state)?.value ?? 0
    total.lines += lines[0]?.value ?? 0
    total.successes += of('SUCCESS')
    total.failures += of('FAILED')
  }
  return total
}

const isOverdue = (sinceMs: number): boolean => Date.now() - sinceMs > VISIBLE_WITHIN_MS

/**
 * Asks Loki again while it is away, since it may be being started anew. Throws LOKI_UNREACHABLE when it still is
 * VISIBLE_WITHIN_MS after `sinceMs`, and whatever else the question throws at once.
 */
async function patiently<Answer>(question: () => Promise<Answer>, sinceMs: number): Promise<Answer> {
  for (;;) {
    try {
      return await question()
    } catch (error) {
      if ((error as VigieError).code !== 'LOKI_UNREACHABLE' || isOverdue(sinceMs)) throw error
    }
    await sleep(POLL_MS)
  }
}

/**
 * A KPI over a whole window; undefined when Loki has nothing to say, or refuses to look that far. Throws
 * LOKI_UNREACHABLE when Loki is away for long.
 */
export async function askKpi(loki: LokiSettings, id: KpiId, window: Window): Promise<number | undefined> {
  try {
    const [sample] = await patiently(() => ask(loki, kpi(id).query, window), Date.now())
    return sample?.value
  } catch (error) {
    const isTooFar = (error as VigieError).code === 'LOKI_QUERY_FAILED' && slices(window).length > 1
    if (!isTooFar) throw error
    return undefined
  }
}

/**
 * Waits until Loki answers for `sent` lines more than it did before. Throws STORED_FEWER when the
 * count stays short, LOKI_UNREACHABLE when Loki is away that long.
 */
export async function untilVisible(
  loki: LokiSettings,
  window: Window,
  before: Counts,
  sent: number,
  onProgress: (visible: number) => void,
): Promise<Counts> {
  let most = -1
  let grewMs = Date.now()
  for (;;) {
    const now = await patiently(() => countsIn(loki, window), grewMs)
    const visible = now.lines - before.lines
    onProgress(visible)
    if (visible >= sent) return now
    if (visible > most) grewMs = Date.now()
    most = Math.max(most, visible)
    if (isOverdue(grewMs))
      throw vigieError('STORED_FEWER', { stored: visible, sent, deadLetters: TOPIC.deadLetters })
    await sleep(POLL_MS)
  }
}
