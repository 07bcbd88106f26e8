import { type Matcher } from '../../logql/ast.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { type SelectedStream } from '../../logql/source.ts'
import { Refusal } from '../refusal.ts'
import { type StreamFacts, type TenantStore } from '../store/store.ts'
import { type Api, type Asked } from './api.ts'
import { type Bounds, boundsOf, HOUR_NS } from './times.ts'

const MS_NS = 1_000_000n
/** Now, in ns since 1970. */
export const nowNs = ({ now }: Pick<Api, 'now'>): bigint => BigInt(Math.floor(now())) * MS_NS

/** Questions about streams are about the last six hours, unless they say otherwise. */
const DEFAULT_SINCE_NS = 6n * HOUR_NS

/** The time that a question about streams is about. Throws Refusal (400). */
export const streamBounds = (api: Api, { parameters }: Asked): Bounds =>
  boundsOf(parameters, nowNs(api), DEFAULT_SINCE_NS)

/**
 * The matchers of a stream selector; none, so that all streams match, for `{}` and for an empty text. Throws
 * LogqlError for what cannot be read, Refusal (400) for a query that is more than a selector.
 */
export function matchersOf(selector: string | null): readonly Matcher[] {
  if (selector === null || /^\s*(\{\s*\})?\s*$/.test(selector)) return []
  return someMatchersOf(selector)
}

/** The matchers of a stream selector, at least one. Throws as `matchersOf` does. */
export function someMatchersOf(selector: string): readonly Matcher[] {
  const expr = parseExpr(selector)
  if (expr.kind !== 'log' || expr.stages.length > 0)
    throw new Refusal(400, 'only label matchers are supported')
  return expr.matchers
}

/** What a tenant that never wrote has stored. */
const NOTHING: Pick<TenantStore, 'select' | 'streams'> = { select: nothing, streams: nothing }

// biome-ignore lint/correctness/useYield: there is nothing to look through
function* nothing(): Generator<void, []> {
  return []
}

export const storedOf = ({ store }: Api, tenant: string): Pick<TenantStore, 'select' | 'streams'> =>
  store.tenant(tenant) ?? NOTHING

/** Facts of the streams that one of the selectors matches in the time that is asked about, each once. Yields as they are looked up. */
export function* matchingStreams(
  api: Api,
  asked: Asked,
  selectors: readonly (readonly Matcher[])[],
): Generator<void, readonly StreamFacts[]> {
  const { startNs, endNs } = streamBounds(api, asked)
  const stored = storedOf(api, asked.tenant)
  const [only = []] = selectors
  if (selectors.length === 1) return yield* stored.streams(only, startNs, endNs)
  const byKey = new Map<string, StreamFacts>()
  for (const matchers of selectors)
    for (const facts of yield* stored.streams(matchers, startNs, endNs)) byKey.set(facts.key, facts)
  return [...byKey.values()]
}

/** Facts of the streams that match the parameter `query` in the time that is asked about. Yields as they are looked up. */
export const queriedStreams = (api: Api, asked: Asked): Generator<void, readonly StreamFacts[]> =>
  matchingStreams(api, asked, [matchersOf(asked.parameters.get('query'))])

/** Streams, the time that they were selected in, and by what. */
export type Selection = Bounds & { matchers: readonly Matcher[]; streams: readonly SelectedStream[] }

/** The streams that match the parameter `query`, with those blocks that lie in the time asked about. Yields as they are looked up. */
export function* selectedStreams(api: Api, asked: Asked): Generator<void, Selection> {
  const bounds = streamBounds(api, asked)
  const matchers = matchersOf(asked.parameters.get('query'))
  const streams = yield* storedOf(api, asked.tenant).select(matchers, bounds.startNs, bounds.endNs)
  return { ...bounds, matchers, streams }
}
