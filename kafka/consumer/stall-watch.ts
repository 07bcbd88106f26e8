import { type Logger } from '../../service/log.ts'
import { type Obstacles, OF_KAFKA } from './obstacles.ts'
import { keyOf, placeOf, type TopicPartition } from './partitions.ts'
import { look, nothingWatched, type StallNews, type Stalls, stuckOf, type Watched } from './stall.ts'

/** Where a partition stands: what is before `acknowledged` is handled, and so many records wait. */
export type Standing = TopicPartition & { acknowledged: number; lag: number; waitsItsTurn?: boolean }

/** A partition, or a problem of Kafka that keeps its records, and so its lag, from being known. */
export type WatchedWork = Watched & ({ standing: Standing } | { problem: string })

/** What a watch saw. */
export type Looked = { stalls: Stalls<WatchedWork>; news: readonly StallNews<WatchedWork>[] }

/** Obstacles that stand in the way of knowing the lag: these are watched themselves. */
const hidesLag = (obstacle: string): boolean => obstacle === 'joining' || obstacle.startsWith(OF_KAFKA)
/** Under this the obstacles of stuck partitions stand. */
const STUCK = 'stuck '

/** Everything that should get on, of the partitions and the obstacles of now. Pure. */
export const watchedWork = (
  standings: readonly Standing[],
  obstacles: ReadonlyMap<string, string>,
): WatchedWork[] => [
  ...standings.map((standing) => ({
    key: `${STUCK}${keyOf(standing)}`,
    group: standing.topic,
    progress: standing.acknowledged,
    isWaiting: standing.lag > 0,
    waitsItsTurn: standing.waitsItsTurn ?? false,
    standing,
  })),
  ...[...obstacles]
    .filter(([of]) => hidesLag(of))
    .map(([of, problem]) => ({ key: of, group: of, progress: 0, isWaiting: true, problem })),
]

const seconds = (ms: number): number => Math.round(ms / 1_000)

const stuckText = (standing: Standing, stillMs: number): string =>
  `${placeOf(standing)}: nothing was acknowledged for ${seconds(stillMs)} s; ${standing.lag} ${standing.lag === 1 ? 'record waits' : 'records wait'}`

/** Writes what is new into the log, and stuck partitions into the obstacles. Returns how many partitions are stuck. */
export function tellStalls({ stalls, news }: Looked, logger: Logger, obstacles: Obstacles): number {
  for (const each of news) log(each, obstacles, logger)
  for (const key of obstacles.keys()) if (key.startsWith(STUCK)) obstacles.delete(key)
  let partitions = 0
  for (const { of, stillMs } of stuckOf(stalls)) {
    if (!('standing' in of)) continue
    partitions++
    obstacles.set(of.key, stuckText(of.standing, stillMs))
  }
  return partitions
}

function log(
  { is, stall: { of, stillMs } }: StallNews<WatchedWork>,
  obstacles: Obstacles,
  logger: Logger,
): void {
  if ('problem' in of) {
    const details = { of: of.key, problem: of.problem, seconds: seconds(stillMs) }
    if (is === 'stuck') logger.error('Kafka has not done what it is asked for a while; see to it', details)
    else logger.info('Kafka does what it is asked again', details)
    return
  }
  const { topic, partition, acknowledged, lag } = of.standing
  const details = { topic, partition, acknowledged, lag, seconds: seconds(stillMs) }
  if (is === 'stuck') {
    const others = [...obstacles].filter(([key]) => !key.startsWith(STUCK)).map(([, problem]) => problem)
    logger.error('a partition is stuck: records wait, and nothing is acknowledged', {
      ...details,
      reasons: [...new Set(others)],
    })
  } else if (is === 'moving') logger.info('a partition that was stuck moves again', details)
  else logger.info('a partition that was stuck is not this member’s any more', details)
}

/** How often a watch looks: a stall is told that much late at most. */
const LOOK_EVERY_MS = 5_000

/** Looks every few seconds at what should get on, and tells what came of it. Returns what ends that. */
export function watchStalls(
  watched: () => readonly WatchedWork[],
  tell: (looked: Looked) => void,
): () => void {
  let stalls = nothingWatched<WatchedWork>()
  const timer = setInterval(() => {
    const looked = look(stalls, watched(), performance.now())
    stalls = looked.stalls
    tell(looked)
  }, LOOK_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
