import { type VigieError } from '../service/errors.ts'
import { type LokiSettings } from './config.ts'
import { type Entry, lineBytes, type Stream } from './encode.ts'
import { selector } from './logql.ts'
import { queryLines } from './query.ts'

/** Loki's default `max_entries_limit_per_query`. */
const PAGE_LINES = 5_000
const LIMIT_REFUSED = /max entries limit per query exceeded, limit > max_entries_limit[^(]*\(\d+ > (\d+)\)/
/** Lines closer together than this are asked for at once, and so are those of a sixteenth of all the time. */
const GAP_NS = 60_000_000_000n
const MOST_SPANS = 16n
/** Below Loki's default `max_query_length` of 30 days and an hour. */
const LONGEST_SPAN_NS = 30n * 86_400_000_000_000n

/** A span of time in nanoseconds since 1970, both ends included. */
export type SpanNs = { fromNs: bigint; toNs: bigint }

export const timeNs = ({ seconds, nanos }: Entry): bigint => BigInt(seconds) * 1_000_000_000n + BigInt(nanos)

/** A few spans that hold all these times: apart where nothing is wanted for long, none over 30 days. Pure. */
export function spansOf(times: readonly bigint[]): SpanNs[] {
  const sorted = [...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const wholeNs = (sorted.at(-1) ?? 0n) - (sorted[0] ?? 0n)
  const gapNs = wholeNs / MOST_SPANS > GAP_NS ? wholeNs / MOST_SPANS : GAP_NS
  const spans: SpanNs[] = []
  for (const time of sorted) {
    const last = spans.at(-1)
    if (last !== undefined && time - last.toNs <= gapNs && time - last.fromNs < LONGEST_SPAN_NS)
      last.toNs = time
    else spans.push({ fromNs: time, toNs: time })
  }
  return spans
}

/**
 * Asks Loki which of these entries of a job it does not have, by time and line, whatever their labels;
 * streams that it has all of are left out. Throws LOKI_UNREACHABLE, LOKI_AUTHENTICATION, LOKI_QUERY_FAILED.
 */
export async function missingFrom(
  settings: LokiSettings,
  job: string,
  streams: readonly Stream[],
): Promise<Stream[]> {
  const wanted = new Map<bigint, Entry[]>()
  for (const { entries } of streams)
    for (const entry of entries) {
      const time = timeNs(entry)
      const others = wanted.get(time)
      if (others === undefined) wanted.set(time, [entry])
      else others.push(entry)
    }
  const found = new Set<Entry>()
  for (const span of spansOf([...wanted.keys()]))
    for await (const { timestampNs, line } of linesIn(settings, job, span))
      for (const entry of wanted.get(timestampNs) ?? []) if (isSame(entry, line)) found.add(entry)
  return without(streams, found)
}

/** The streams without those entries, and without streams that are empty then. Pure. */
export const without = (streams: readonly Stream[], left: ReadonlySet<Entry>): Stream[] =>
  streams
    .map((stream) => ({ ...stream, entries: stream.entries.filter((entry) => !left.has(entry)) }))
    .filter(({ entries }) => entries.length > 0)

/** Bytes that are no UTF-8 come back as replacement characters, in Loki's number of them. */
const normal = (text: string): string => text.replace(/\ufffd+/g, '\ufffd')
const isSame = ({ line }: Entry, stored: string): boolean => {
  const text = lineBytes(line).toString('utf8')
  return text === stored || normal(text) === normal(stored)
}

async function* linesIn(settings: LokiSettings, job: string, { fromNs, toNs }: SpanNs) {
  let limit = PAGE_LINES
  for (let startNs = fromNs; startNs <= toNs; ) {
    let page: Awaited<ReturnType<typeof queryLines>>
    try {
      page = await queryLines(settings, selector({ job }), startNs, toNs + 1n, limit)
    } catch (error) {
      const allowed = Number(LIMIT_REFUSED.exec((error as VigieError).message)?.[1])
      if (!(allowed > 0 && allowed < limit)) throw error
      limit = allowed
      continue
    }
    yield* page
    if (page.length < limit) return
    const lastNs = page.reduce((last, { timestampNs }) => (timestampNs > last ? timestampNs : last), startNs)
    // The next page begins with the last nanosecond of this one, which may hold more lines.
    startNs = lastNs > startNs ? lastNs : lastNs + 1n
  }
}
