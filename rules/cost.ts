import { type LokiSettings } from '../loki/config.ts'
import { nanoseconds, type QueryCost, queryCost, type Span } from '../loki/query.ts'
import { ask } from './ask.ts'
import { type NamedQuery } from './check.ts'

/** A query that is asked again and again: at the present, or over a span. */
export type RepeatedQuery = NamedQuery & { everySeconds: number; over?: Span }
/** `share` is the part of one core that it keeps busy: its time out of the time until it is asked again. */
export type Cost = QueryCost & { name: string; everySeconds: number; share: number }

/**
 * A query that keeps more of a core busy than this is worth a cheaper form or a slower pace: ten such
 * alerts would fill a tenth of one.
 */
export const DEAR_SHARE = 0.01

/** Asks each query once, now, and says what it cost; the dearest first. Throws RULE_NOT_EVALUATED, LOKI_* errors. */
export async function costs(
  loki: LokiSettings,
  queries: readonly RepeatedQuery[],
  nowMs: number,
  onProgress: (done: number) => void,
): Promise<Cost[]> {
  const results: Cost[] = []
  for (const { name, query, everySeconds, over } of queries) {
    const cost = await ask(name, queryCost(loki, query, over ?? nanoseconds(nowMs)))
    results.push({ name, everySeconds, share: cost.seconds / everySeconds, ...cost })
    onProgress(results.length)
  }
  return results.sort((a, b) => b.share - a.share)
}
