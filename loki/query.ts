import { z } from 'zod'
import { reasonOf, vigieError } from '../service/errors.ts'
import { type LokiSettings, lokiHeaders } from './config.ts'
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

async function get(
  settings: LokiSettings,
  path: string,
  query: Record<string, string>,
): Promise<HttpResponse> {
  const url = `${settings.LOKI_URL}${path}?${new URLSearchParams(query)}`
  // Loki caches query results, empty ones too: a question about what was just pushed must not be
  // answered from the cache.
  const headers = { ...lokiHeaders(settings), 'Cache-Control': 'no-cache' }
  try {
    return await exchange({ method: 'GET', url, headers, timeoutMs: QUERY_TIMEOUT_MS })
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
    throw failed(`an answer of an unknown form (${reasonOf(error)})`)
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
    return (await exchange({ method: 'GET', url, headers: lokiHeaders(settings), timeoutMs })).status === 200
  } catch {
    return false
  }
}
