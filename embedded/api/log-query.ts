import { type LogExpr } from '../../logql/ast.ts'
import { labelsKey } from '../../logql/evaluate/labels.ts'
import { evaluateLogs, type LogEntry, type LogRange, type LogStream } from '../../logql/evaluate/logs.ts'
import { type Labels } from '../../logql/source.ts'
import { type Limits } from '../config.ts'
import { Refusal } from '../refusal.ts'
import { type Answer, inPieces, successAround } from './answer.ts'
import { type Api, type Asked } from './api.ts'
import { type Range, withinLimits } from './range.ts'
import { runQuery } from './run-query.ts'
import { nowNs } from './selection.ts'
import { NO_STATISTICS, statisticsOf } from './statistics.ts'
import { countParameter, durationParameter } from './times.ts'

type Direction = LogRange['direction']

const DEFAULT_LIMIT = 100
/** What a message between the parts of a Loki may hold with `loki/loki.yaml`: the whole answer is made in memory. */
export const MAX_CHARACTERS = 64 * 1_048_576
/** What Grafana sends to have labels told apart by where they come from, and what the answer says then. */
const FLAGS_HEADER = 'x-loki-response-encoding-flags'
const CATEGORIZE = 'categorize-labels'

/** Answers a log query. Throws Refusal (400) for a limit or a time that may not be asked for. */
export async function logRangeQuery(api: Api, asked: Asked, expr: LogExpr, range: Range): Promise<Answer> {
  const { parameters } = asked
  const limits = api.config.limits_config
  const direction = directionOf(parameters)
  const limit = entryLimit(parameters, limits)
  const intervalNs = durationParameter(parameters, 'interval') ?? 0n
  const isCategorized = isCategorizing(asked)
  const allowed = withinLimits(range, limits, nowNs(api))
  if (allowed === undefined) return streamsAnswer([Buffer.from('[]')], isCategorized, NO_STATISTICS)
  const { startNs, endNs } = allowed
  const most = intervalNs > 0n ? limits.max_entries_limit_per_query || limit : limit
  const { result, cost } = await runQuery(api, asked, function* (source) {
    const found = yield* evaluateLogs(expr, source, {
      ...{ startNs, endNs, limit: most, direction },
      maxCharacters: MAX_CHARACTERS,
    })
    const streams = intervalNs > 0n ? apart(found.streams, intervalNs, limit, direction) : found.streams
    const returned = streams.reduce((sum, { entries }) => sum + entries.length, 0)
    const answered = isCategorized ? byStreamLabels(streams, direction) : streams
    return { pieces: yield* inPieces(streamTexts(answered, isCategorized)), returned }
  })
  return streamsAnswer(result.pieces, isCategorized, statisticsOf({ ...cost, returned: result.returned }))
}

function directionOf(parameters: URLSearchParams): Direction {
  const text = parameters.get('direction') || 'backward'
  const direction = text.toLowerCase()
  if (direction === 'forward' || direction === 'backward') return direction
  throw new Refusal(400, `invalid direction '${text}'`)
}

/** How many entries may be answered. Throws Refusal (400). */
export function entryLimit(parameters: URLSearchParams, { max_entries_limit_per_query }: Limits): number {
  const limit = countParameter(parameters, 'limit', DEFAULT_LIMIT)
  if (limit <= 0) throw new Refusal(400, 'limit must be a positive value')
  if (max_entries_limit_per_query > 0 && limit > max_entries_limit_per_query)
    throw new Refusal(
      400,
      `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${max_entries_limit_per_query})`,
    )
  return limit
}

export const isCategorizing = ({ headers }: Pick<Asked, 'headers'>): boolean =>
  String(headers[FLAGS_HEADER] ?? '')
    .split(',')
    .some((flag) => flag.trim() === CATEGORIZE)

const inOrder = (direction: Direction) => (a: LogEntry, b: LogEntry) =>
  Number(direction === 'forward' ? a.timeNs - b.timeNs : b.timeNs - a.timeNs)

/** The first entries of all streams that are that far from one another. */
function apart(
  streams: readonly LogStream[],
  intervalNs: bigint,
  limit: number,
  direction: Direction,
): LogStream[] {
  const all = streams.flatMap(({ entries }) => entries).sort(inOrder(direction))
  const kept = new Set<LogEntry>()
  let lastNs: bigint | undefined
  for (const entry of all) {
    if (kept.size === limit) break
    const { timeNs } = entry
    const distanceNs = lastNs === undefined ? intervalNs : timeNs > lastNs ? timeNs - lastNs : lastNs - timeNs
    if (distanceNs < intervalNs) continue
    lastNs = timeNs
    kept.add(entry)
  }
  return streams
    .map(({ labels, entries }) => ({ labels, entries: entries.filter((entry) => kept.has(entry)) }))
    .filter(({ entries }) => entries.length > 0)
}

/** Entries by the labels of their streams only, whatever else they have. */
function byStreamLabels(streams: readonly LogStream[], direction: Direction): LogStream[] {
  const byKey = new Map<string, LogStream>()
  for (const { entries } of streams)
    for (const entry of entries) {
      const key = labelsKey(entry.stream)
      const known = byKey.get(key)
      if (known === undefined) byKey.set(key, { labels: entry.stream, entries: [entry] })
      else known.entries.push(entry)
    }
  for (const { entries } of byKey.values()) entries.sort(inOrder(direction))
  return [...byKey.values()]
}

/** A stream in Loki's JSON form. */
export const renderStream = ({ labels, entries }: LogStream, isCategorized: boolean) => ({
  stream: Object.fromEntries(labels),
  values: entries.map((entry) => renderEntry(entry, isCategorized)),
})

const renderEntry = (entry: LogEntry, isCategorized: boolean): unknown[] =>
  isCategorized ? [String(entry.timeNs), entry.line, categories(entry)] : [String(entry.timeNs), entry.line]

/** The JSON text of streams, as `renderStream` has them, bit by bit: all at once would hold up pushes. */
function* streamTexts(streams: readonly LogStream[], isCategorized: boolean): Generator<string> {
  let before = '['
  for (const { labels, entries } of streams) {
    yield `${before}{"stream":${JSON.stringify(Object.fromEntries(labels))},"values":[`
    before = ','
    for (const [index, entry] of entries.entries())
      yield (index === 0 ? '' : ',') + JSON.stringify(renderEntry(entry, isCategorized))
    yield ']}'
  }
  yield streams.length === 0 ? '[]' : ']'
}

const orNone = (labels: Labels): Record<string, string> | undefined =>
  labels.size === 0 ? undefined : Object.fromEntries(labels)

const categories = ({ metadata, parsed }: LogEntry) => ({
  structuredMetadata: orNone(metadata),
  parsed: orNone(parsed),
})

const streamsAnswer = (
  result: readonly Buffer[],
  isCategorized: boolean,
  stats: ReturnType<typeof statisticsOf>,
): Answer =>
  successAround(
    { resultType: 'streams', ...(isCategorized ? { encodingFlags: [CATEGORIZE] } : {}) },
    result,
    { stats },
  )
