import { LogqlError } from '../../logql/error.ts'
import { evaluateMetric, type When } from '../../logql/evaluate/metric.ts'
import { renderMetric } from '../../logql/evaluate/render.ts'
import { run } from '../../logql/evaluate/run.ts'
import { compileMatchers } from '../../logql/matchers.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { type Block, blockOf, type Source } from '../../logql/source.ts'

const SECOND = 1_000_000_000n
const START = 1_700_000_000n * SECOND

// A short way to write entries, to ask metric queries of them and to read the answers.

export type Entry = [seconds: number, line: string, metadata?: Record<string, string>]
export type Stream = { labels: Record<string, string>; blocks: Block[] }

export const block = (...entries: Entry[]): Block =>
  blockOf(
    entries.map(([seconds, line, metadata]) => ({
      timeNs: START + BigInt(Math.round(seconds * 1e9)),
      line,
      metadata: metadata && new Map(Object.entries(metadata)),
    })),
  )

export const stream = (labels: Record<string, string>, ...entries: Entry[]): Stream => ({
  labels,
  blocks: [block(...entries)],
})

export const sourceOf = (...streams: Stream[]): Source => ({
  *select(matchers) {
    yield
    const matches = compileMatchers(matchers)
    return streams
      .map(({ labels, blocks }) => ({ labels: new Map(Object.entries(labels).sort()), blocks }))
      .filter(({ labels }) => matches(labels))
  },
})

export const at = (seconds: number): When => {
  const timeNs = START + BigInt(seconds) * SECOND
  return { startNs: timeNs, endNs: timeNs, stepNs: 0n }
}

export const every = (stepSeconds: number, from: number, to: number): When => ({
  startNs: START + BigInt(from) * SECOND,
  endNs: START + BigInt(to) * SECOND,
  stepNs: BigInt(stepSeconds) * SECOND,
})

export function evaluator(query: string, source: Source, when: When, maxSeries?: number) {
  const expr = parseExpr(query)
  if (expr.kind === 'log') throw new Error('a log query')
  return evaluateMetric(expr, source, when, maxSeries)
}

/** Each series as `{labels} value` or, over a range, `{labels} second=value …`. */
export function ask(query: string, source: Source, when: When, maxSeries?: number): string[] {
  const rendered = renderMetric(run(evaluator(query, source, when, maxSeries)))
  const seconds = (time: number): number => time - Number(START / SECOND)
  const labels = (metric: Record<string, string>): string =>
    `{${Object.entries(metric)
      .map(([name, value]) => `${name}=${value}`)
      .join(',')}}`
  if (rendered.resultType === 'scalar') return [rendered.result[1]]
  if (rendered.resultType === 'vector')
    return rendered.result.map(({ metric, value }) => `${labels(metric)} ${value[1]}`)
  return rendered.result.map(
    ({ metric, values }) =>
      `${labels(metric)} ${values.map(([time, value]) => `${seconds(time)}=${value}`).join(' ')}`,
  )
}

/** A source without streams. */
export const nothing = sourceOf()

/** Why a query is refused; an answer is a failure. */
export function refusal(query: string, source: Source, when = at(10), maxSeries?: number): LogqlError {
  try {
    ask(query, source, when, maxSeries)
  } catch (error) {
    if (error instanceof LogqlError) return error
    throw error
  }
  throw new Error('answered instead of refused')
}
