import { type Source } from '../../logql/source.ts'
import { Refusal } from '../refusal.ts'
import { type Api, type Asked } from './api.ts'
import { countedSource } from './counted.ts'
import { drive } from './drive.ts'
import { storedOf } from './selection.ts'
import { type Cost } from './statistics.ts'

/** The result of a query, and what it took. */
export type Ran<Result> = { result: Result; cost: Omit<Cost, 'returned'> }

const timedOut = (): Refusal =>
  new Refusal(
    504,
    'request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed',
  )
export const cancelled = (): Refusal => new Refusal(499, 'The request was cancelled by the client.')

/**
 * Works on a query when it is its turn, in slices between which pushes are taken. Throws Refusal: 504 after
 * `query_timeout`, 499 once the client has hung up, 429 when too many wait.
 */
export async function runQuery<Result>(
  api: Api,
  asked: Asked,
  work: (source: Source) => Generator<void, Result>,
): Promise<Ran<Result>> {
  const ended = new AbortController()
  const onGone = () => ended.abort(cancelled())
  asked.signal.addEventListener('abort', onGone, { once: true })
  const { query_timeout } = api.config.limits_config
  const timer = query_timeout > 0 ? setTimeout(() => ended.abort(timedOut()), query_timeout) : undefined
  const askedMs = performance.now()
  try {
    const giveOn = await api.turns.take(ended.signal)
    try {
      // Clients that do not take their answers would fill the memory, one answer after the other.
      if (api.untaken.bytes > api.untaken.limitBytes) throw new Refusal(429, 'too many outstanding requests')
      const startedMs = performance.now()
      const read = { lines: 0, bytes: 0 }
      const source = countedSource(storedOf(api, asked.tenant), read)
      const result = await drive(work(source), ended.signal)
      const seconds = (performance.now() - startedMs) / 1_000
      return { result, cost: { ...read, seconds, queueSeconds: (startedMs - askedMs) / 1_000 } }
    } finally {
      giveOn()
    }
  } finally {
    clearTimeout(timer)
    asked.signal.removeEventListener('abort', onGone)
  }
}
