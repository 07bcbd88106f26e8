import { describe, expect, it } from '@jest/globals'
import { evaluateMetric } from '../../logql/evaluate/metric.ts'
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
