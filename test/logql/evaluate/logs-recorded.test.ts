import { describe, expect, it } from '@jest/globals'
import { evaluateLogs, type LogRange } from '../../../logql/evaluate/logs.ts'
import { run } from '../../../logql/evaluate/run.ts'
import { parseExpr } from '../../../logql/parse/parse.ts'
import { type Answer, answersOf, difference, recordedSource } from '../recorded.ts'

const source = recordedSource()

/** The answer as it stands in the recordings. */
function answer({ params }: Answer): unknown {
  const expr = parseExpr(String(params.query))
  if (expr.kind !== 'log') throw new Error('no log query')
  const range: LogRange = {
    startNs: BigInt(String(params.start)),
    endNs: BigInt(String(params.end)),
    limit: Number(params.limit),
    direction: params.direction === 'forward' ? 'forward' : 'backward',
  }
  return run(evaluateLogs(expr, source, range)).streams.map(({ labels, entries }) => ({
    stream: Object.fromEntries(labels),
    values: entries.map(({ timeNs, line }) => [String(timeNs), line]),
  }))
}

/** Streams by their labels: the recordings keep the order of entries, but not that of streams. */
const byLabels = (result: unknown): unknown =>
  Object.fromEntries(
    (result as { stream: Record<string, string>; values: unknown }[]).map(({ stream, values }) => [
      JSON.stringify(Object.entries(stream).sort()),
      values,
    ]),
  )

describe('log queries, as a real Loki answered them', () => {
  const recorded = answersOf('log').filter(({ status }) => status === 200)

  it.each(recorded.map((each) => [`${String(each.params.query)} ${String(each.params.direction)}`, each]))(
    '%s',
    (_, each) => {
      if (typeof each === 'string') throw new Error('no answer')
      expect(difference(byLabels(answer(each)), byLabels(each.result))).toBeUndefined()
    },
  )
})

describe('a log query whose answer would be too large', () => {
  const expr = parseExpr('{job="kafka-logs"}')
  const ask = (maxCharacters: number) => {
    if (expr.kind !== 'log') throw new Error('no log query')
    const range: LogRange = { startNs: 0n, endNs: 2n ** 61n, limit: 10, direction: 'forward', maxCharacters }
    return run(evaluateLogs(expr, source, range)).streams.flatMap(({ entries }) => entries)
  }

  it('is refused, and one that is just as large is answered', () => {
    const characters = ask(1e6).reduce((sum, { line }) => sum + line.length, 0)
    expect(ask(characters)).toHaveLength(10)
    expect(() => ask(characters - 1)).toThrow(
      `the answer has more than ${characters - 1} characters: ask for fewer lines or a shorter time`,
    )
  })
})
