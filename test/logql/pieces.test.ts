import { describe, expect, it } from '@jest/globals'
import { evaluateLogs } from '../../logql/evaluate/logs.ts'
import { evaluateMetric } from '../../logql/evaluate/metric.ts'
import { memorySource } from '../../logql/memory.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { blockOf, type SelectedStream } from '../../logql/source.ts'

const NOW_NS = 1_800_000_000_000_000_000n
const SERIES = 8_000
const STEPS = 10

const STREAMS: readonly SelectedStream[] = Array.from({ length: SERIES }, (_, index) => ({
  labels: new Map([['id', `s${index}`]]),
  blocks: [blockOf([{ timeNs: NOW_NS, line: 'x' }])],
}))

/** How often a query over many series gives way; reading them is a yield for each. */
function yieldsOf(text: string): number {
  const expr = parseExpr(text)
  if (expr.kind === 'log') throw new Error('no metric query')
  const source = {
    *select() {
      yield
      return STREAMS
    },
  }
  const when = { startNs: NOW_NS, endNs: NOW_NS + BigInt(STEPS - 1), stepNs: 1n }
  const work = evaluateMetric(expr, source, when)
  let yields = 0
  while (work.next().done !== true) yields++
  return yields
}

describe('a block whose lines take long', () => {
  it('is read in pieces, by metric and by log queries', () => {
    const line = 'a'.repeat(2_000)
    const lines = Array.from({ length: 20 }, (_, index) => ({ timeNs: NOW_NS + BigInt(index), line }))
    const source = memorySource([{ labels: new Map([['id', 'x']]), entries: lines }])
    const stage = `| regexp "(?P<x>${'a?'.repeat(300)})[ab]{3}$"`
    const range = { startNs: NOW_NS, endNs: NOW_NS + 100n, limit: 100, direction: 'forward' as const }
    const log = parseExpr(`{id="x"} ${stage}`)
    const metric = parseExpr(`sum by (x) (count_over_time({id="x"} ${stage} [1m]))`)
    if (log.kind !== 'log' || metric.kind === 'log') throw new Error('not the kinds of queries')
    const when = { startNs: NOW_NS + 100n, endNs: NOW_NS + 100n, stepNs: 0n }
    for (const work of [evaluateLogs(log, source, range), evaluateMetric(metric, source, when)]) {
      let yields = 0
      while (work.next().done !== true) yields++
      expect(yields).toBeGreaterThanOrEqual(lines.length)
    }
  })
})

describe('queries over many series', () => {
  const reading = SERIES + SERIES / 512
  it.each([
    ['an aggregation', 'count(count_over_time({id=~".+"}[1m]))', 1],
    ['the best', 'topk(1, count_over_time({id=~".+"}[1m]))', 1],
    ['a sorted vector', 'count(sort(count_over_time({id=~".+"}[1m])))', 1],
    ['changed labels', 'count(label_replace(count_over_time({id=~".+"}[1m]), "x", "$1", "id", "(.*)"))', 1],
    ['two sides', 'count(rate({id=~".+"}[1m]) / on(id) rate({id=~".+"}[1m]))', 2],
    ['a set of both', 'count(rate({id=~".+"}[1m]) and rate({id=~".+"}[1m]))', 2],
  ])('give way many times in each step: %s', (_, text, sides) => {
    const inSteps = yieldsOf(text) - sides * reading
    expect(inSteps / STEPS).toBeGreaterThan((2 * SERIES) / 1_024)
  })
})
