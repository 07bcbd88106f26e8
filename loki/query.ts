import { z } from 'zod'
import { reasonOf, vigieError } from '../service/errors.ts'
import { type LokiSettings, lokiAccess } from './config.ts'
import { exchange, type HttpResponse } from './http.ts'

const QUERY_TIMEOUT_MS = 120_000

/** One value of an instant metric query: its labels and its number. */
export type Sample = { labels: Record<string, string>; value: number }

const vectorAnswer = z.object({
  data: z.object({
    resultType: z.enum(['vector', 'scalar']),
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
})

const streamsAnswer = z.object({
  data: z.object({
    resultType: z.literal('streams'),
    result: z.array(
      z.object({
        stream: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())),
      }),
    ),
  }),
})

const matrixAnswer = z.object({
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
})

async function get(
  settings: LokiSettings,
  path: string,
  query: Record<string, string>,
): Promise<HttpResponse> {
  const url = `${settings.LOKI_URL}${path}?${new URLSearchParams(query)}`
  // Loki caches query results, empty ones too: a question about what was just pushed must not be
  // answered from the cache.
  const { headers: access, ca } = lokiAccess(settings)
  const headers = { ...access, 'Cache-Control': 'no-cache' }
  try {
    return await exchange({ method: 'GET', url, headers, ca, timeoutMs: QUERY_TIMEOUT_MS })
  } catch (error) {
    throw vigieError('LOKI_UNREACHABLE', { url: settings.LOKI_URL, problem: reasonOf(error) }, error)
  }
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  settings: LokiSettings,
  { status, body }: HttpResponse,
): z.infer<Schema> {
  const url = settings.LOKI_URL
  if (status === 401 || status === 403) throw vigieError('LOKI_AUTHENTICATION', { url, status })
  const failed = (problem: string) => vigieError('LOKI_QUERY_FAILED', { url, status, problem })
  if (status !== 200) throw failed(body.slice(0, 300).trim())
  try {
    return schema.parse(JSON.parse(body))
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : []
    const reason = issue === undefined ? reasonOf(error) : `${issue.path.join('.')}: ${issue.message}`
    throw failed(`an answer of an unknown form (${reason})`)
  }
}

/** Nanoseconds since 1970, as Loki counts, from milliseconds. */
export const nanoseconds = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000_000n

/**
 * Asks a metric query at one instant (nanoseconds since 1970). A range that ends there includes its
 * end and excludes its start.
 */
export async function queryInstant(settings: LokiSettings, query: string, atNs: bigint): Promise<Sample[]> {
  const answer = await get(settings, '/loki/api/v1/query', { query, time: String(atNs), limit: '5000' })
  return parsed(vectorAnswer, settings, answer).data.result.map(({ metric, value }) => ({
    labels: metric,
    value: Number(value[1]),
  }))
}

const statisticsAnswer = z.object({
  data: z.object({
    stats: z.object({
      summary: z.object({
        totalLinesProcessed: z.number(),
        totalBytesProcessed: z.number(),
        execTime: z.number(),
      }),
    }),
  }),
})
/** What Loki did to answer a query. */
export type QueryCost = { lines: number; bytes: number; seconds: number }

/** A span of time in ms since 1970, both ends included. With `stepMs` a number is asked at each step. */
export type Span = { fromMs: number; toMs: number; stepMs?: number }

/**
 * Asks a query, at one instant (nanoseconds since 1970) or over a span, and returns what that cost, by
 * Loki's own account.
 */
export async function queryCost(
  settings: LokiSettings,
  query: string,
  when: bigint | Span,
): Promise<QueryCost> {
  const answer =
    typeof when === 'bigint'
      ? await get(settings, '/loki/api/v1/query', { query, time: String(when) })
      : await get(settings, '/loki/api/v1/query_range', {
          query,
          start: String(nanoseconds(when.fromMs)),
          end: String(nanoseconds(when.toMs)),
          ...(when.stepMs === undefined ? {} : { step: `${when.stepMs}ms` }),
        })
  const { summary } = parsed(statisticsAnswer, settings, answer).data.stats
  return { lines: summary.totalLinesProcessed, bytes: summary.totalBytesProcessed, seconds: summary.execTime }
}

/** One series of a metric query over time: its labels, and its numbers at ms since 1970. */
export type Series = { labels: Record<string, string>; values: { atMs: number; value: number }[] }

/** Loki refuses a range query of more than 11,000 steps. */
const MAX_STEPS = 10_000

/** Asks a metric query at `fromMs` and every `stepMs` after it until `toMs`. */
export async function queryRange(
  settings: LokiSettings,
  query: string,
  fromMs: number,
  toMs: number,
  stepMs: number,
): Promise<Series[]> {
  const all = new Map<string, Series>()
  for (let startMs = fromMs; startMs <= toMs; startMs += MAX_STEPS * stepMs) {
    const endMs = Math.min(toMs, startMs + (MAX_STEPS - 1) * stepMs)
    const answer = await get(settings, '/loki/api/v1/query_range', {
      query,
      start: String(nanoseconds(startMs)),
      end: String(nanoseconds(endMs)),
      step: `${stepMs}ms`,
    })
    for (const { metric, values } of parsed(matrixAnswer, settings, answer).data.result) {
      const name = JSON.stringify(Object.entries(metric).sort())
      const series = all.get(name) ?? { labels: metric, values: [] }
      all.set(name, series)
      for (const [seconds, value] of values)
        series.values.push({ atMs: Math.round(seconds * 1_000), value: Number(value) })
    }
  }
  return [...all.values()]
}

/** The same query as Loki itself writes it. Throws LOKI_QUERY_FAILED with Loki's words when it is wrong. */
export async function formatted(settings: LokiSettings, query: string): Promise<string> {
  const answer = await get(settings, '/loki/api/v1/format_query', { query })
  return parsed(z.object({ data: z.string() }), settings, answer).data
}

/** A stored line: its stream, its time in nanoseconds, its text. */
export type StoredLine = { labels: Record<string, string>; timestampNs: bigint; line: string }

/** Asks for log lines with times in [from, to), oldest first, at most `limit`. */
export async function queryLines(
  settings: LokiSettings,
  query: string,
  fromNs: bigint,
  toNs: bigint,
  limit = 5_000,
): Promise<StoredLine[]> {
  const answer = await get(settings, '/loki/api/v1/query_range', {
    query,
    start: String(fromNs),
    end: String(toNs),
    limit: String(limit),
    direction: 'forward',
  })
  return parsed(streamsAnswer, settings, answer).data.result.flatMap(({ stream, values }) =>
    values.map(([time, line]) => ({ labels: stream, timestampNs: BigInt(time), line })),
  )
}

/** True when Loki says that it is ready; never throws. */
export async function isReady(settings: LokiSettings, timeoutMs = 2_000): Promise<boolean> {
  try {
    const url = `${settings.LOKI_URL}/ready`
    return (await exchange({ method: 'GET', url, ...lokiAccess(settings), timeoutMs })).status === 200
  } catch {
    return false
  }
}
