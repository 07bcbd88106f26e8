import { describe, expect, it } from '@jest/globals'
import { type MetricExpr } from '../../logql/ast.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { outcome, refusal } from './outcome.ts'

const MINUTE_NS = 60_000_000_000n

const metric = (query: string): MetricExpr => {
  const expr = parseExpr(query)
  if (expr.kind === 'log') throw new Error(`${query} is no metric query`)
  return expr
}

describe('range aggregations', () => {
  it.each([
    'count_over_time({a="b"} | json [5m])',
    'count_over_time({a="b"}[5m] | json)',
    'count_over_time(({a="b"} | json)[5m])',
    'count_over_time(({a="b"}[5m] | json))',
    'COUNT_OVER_TIME({a="b"}|json[300s])',
  ])('have their range in one of several places: %s', (query) => {
    expect(metric(query)).toMatchObject({
      kind: 'range',
      operation: 'count_over_time',
      log: { stages: [{ kind: 'json' }] },
      unwrap: undefined,
      rangeNs: 5n * MINUTE_NS,
      offsetNs: 0n,
    })
  })

  it.each([
    'sum_over_time({a="b"} | json | unwrap bytes(c) | d="e" | f>1 [5m] offset -1h)',
    'sum_over_time({a="b"}[5m] offset -1h | json | unwrap bytes(c) | d="e" | f>1)',
    'sum_over_time(({a="b"} | json | unwrap bytes(c) | d="e" | f>1)[5m] offset -1h)',
  ])('unwrap a label and have an offset: %s', (query) => {
    expect(metric(query)).toMatchObject({
      operation: 'sum_over_time',
      log: { stages: [{ kind: 'json' }] },
      unwrap: { label: 'c', conversion: 'bytes', filters: [{ kind: 'match' }, { kind: 'number' }] },
      rangeNs: 5n * MINUTE_NS,
      offsetNs: -60n * MINUTE_NS,
    })
  })

  it.each([
    ['1d', 1440n],
    ['1w', 10_080n],
    ['1y2w', 525_600n + 20_160n],
    ['1h30m', 90n],
    ['1.5h', 90n],
  ])('take a range of %s', (text, minutes) => {
    expect(metric(`rate({a="b"}[${text}])`)).toMatchObject({ rangeNs: minutes * MINUTE_NS })
  })

  it('have a parameter and a grouping where these are allowed', () => {
    expect(metric('quantile_over_time(0.9, {a="b"} | unwrap c [1m]) without (d, e)')).toMatchObject({
      parameter: 0.9,
      grouping: { without: true, labels: ['d', 'e'] },
    })
    expect(metric('avg_over_time({a="b"} | unwrap c [1m]) by ()')).toMatchObject({
      grouping: { without: false, labels: [] },
    })
  })

  it.each([
    ['count_over_time({a="b"} | unwrap c [1m])', 'invalid aggregation count_over_time with unwrap'],
    ['rate_counter({a="b"}[1m])', 'invalid aggregation rate_counter without unwrap'],
    ['rate({a="b"}[1m]) by (c)', 'grouping not allowed for rate aggregation'],
    ['count_over_time(2, {a="b"}[1m])', 'parameter 2 not supported for operation count_over_time'],
    ['quantile_over_time(1e400, {a="b"}|unwrap c[1m])', 'value out of range'],
    ['rate({a="b"}[])', 'line 0, col 13: empty duration string'],
    ['rate({a="b"}[5])', 'not a valid duration string: "5"'],
    ['rate({a="b"}[5m)', "missing closing ']'"],
    ['rate({a="b"})', 'line 1, col 13: syntax error: unexpected ), expecting RANGE or |'],
    ['rate({a="b"}[5m] | unwrap c | json)', 'unexpected json'],
    ['rate(-1, {a="b"}[5m])', 'unexpected -, expecting NUMBER or { or ('],
    ['max_over_time({a="b"} | unwrap offset [1m])', 'unexpected offset, expecting IDENTIFIER or BYTES_CONV'],
  ])('are refused: %s', (query, problem) => {
    expect(refusal(query)).toContain(problem)
  })
})

describe('vector aggregations', () => {
  it.each([
    'sum by (c, d) (rate({a="b"}[1m]))',
    'sum(rate({a="b"}[1m])) by (c, d)',
    'SUM BY(c,d)(RATE({a="b"}[1m]))',
  ])('have a grouping before or after: %s', (query) => {
    expect(metric(query)).toMatchObject({
      kind: 'vector_aggregation',
      operation: 'sum',
      parameter: undefined,
      inner: { kind: 'range', operation: 'rate' },
      grouping: { without: false, labels: ['c', 'd'] },
    })
  })

  it('need no labels in their grouping, which then is none with "by"', () => {
    expect(metric('sum by () (vector(1))')).toEqual(metric('sum(vector(1))'))
    expect(metric('sum without () (vector(1))')).toMatchObject({ grouping: { without: true, labels: [] } })
  })

  it.each(['topk', 'bottomk', 'approx_topk'])('have a parameter: %s', (operation) => {
    expect(metric(`${operation}(3, vector(1))`)).toMatchObject({ operation, parameter: 3 })
    expect(refusal(`${operation}(vector(1))`)).toContain(`parameter required for operation ${operation}`)
    expect(refusal(`${operation}(0, vector(1))`)).toContain('must be greater than 0')
    expect(refusal(`${operation}(1.5, vector(1))`)).toContain(`invalid parameter ${operation}(1.5,`)
  })

  it.each([
    ['sum(2, vector(1))', 'unsupported parameter for operation sum(2,'],
    ['sort(vector(1)) by (a)', 'grouping not allowed for sort aggregation'],
    ['sort_desc without (a) (vector(1))', 'grouping not allowed for sort_desc aggregation'],
    ['approx_topk by (a) (2, vector(1))', 'grouping not allowed for approx_topk aggregation'],
    ['sum by (a) (vector(1)) by (b)', 'line 1, col 24: syntax error: unexpected by'],
    ['sum by (a,) (vector(1))', 'line 1, col 11: syntax error: unexpected ), expecting IDENTIFIER'],
    ['sum({a="b"})', 'line 1, col 12: syntax error: unexpected )'],
    ['sum()', 'line 1, col 5: syntax error: unexpected )'],
    ['sum(vector(1)', 'line 1, col 14: syntax error: unexpected $end, expecting )'],
  ])('are refused: %s', (query, problem) => {
    expect(refusal(query)).toContain(problem)
  })
})

/** An operation with all parentheses. */
const shown = (expr: MetricExpr): string =>
  expr.kind === 'binary'
    ? `(${shown(expr.left)} ${expr.operator} ${shown(expr.right)})`
    : expr.kind === 'vector'
      ? `v${expr.value}`
      : expr.kind

describe('binary operations', () => {
  it.each([
    ['vector(1) + vector(2) * vector(3)', '(v1 + (v2 * v3))'],
    ['vector(1) - vector(2) - vector(3)', '((v1 - v2) - v3)'],
    ['vector(1) - (vector(2) - vector(3))', '(v1 - (v2 - v3))'],
    ['vector(1) / vector(2) % vector(3)', '((v1 / v2) % v3)'],
    ['vector(1) ^ vector(2) ^ vector(3)', '(v1 ^ (v2 ^ v3))'],
    ['vector(1) * vector(2) ^ vector(3)', '(v1 * (v2 ^ v3))'],
    ['vector(1) > vector(2) + vector(3)', '(v1 > (v2 + v3))'],
    ['vector(1) > vector(2) == vector(3)', '((v1 > v2) == v3)'],
    ['vector(1) or vector(2) and vector(3)', '(v1 or (v2 and v3))'],
    ['vector(1) unless vector(2) and vector(3)', '((v1 unless v2) and v3)'],
    ['vector(1) and vector(2) > vector(3)', '(v1 and (v2 > v3))'],
  ])('bind as in PromQL: %s', (query, expected) => {
    expect(shown(metric(query))).toBe(expected)
  })

  it.each([
    ['1 + 2 * 3', 7],
    ['2 ^ 3 ^ 2', 512],
    ['(1 + 2) * 3', 9],
    ['7 % 4 - -1', 4],
    ['-2 ^ 2', 4],
    ['1--1', 2],
    ['1 / 0', Number.NaN],
    ['1 > 2', 0],
    ['1 != bool 2', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1_000', 1000],
    ['+5.', 5],
  ])('of literals are calculated: %s', (query, value) => {
    expect(parseExpr(query)).toEqual({ kind: 'literal', value })
  })

  it('have modifiers', () => {
    const modified = (modifiers: string): unknown => metric(`vector(1) > ${modifiers} vector(2)`)
    expect(modified('')).toMatchObject({ bool: false, matching: undefined })
    expect(modified('bool')).toMatchObject({ bool: true, matching: undefined })
    expect(modified('bool on (a, b)')).toMatchObject({
      bool: true,
      matching: { on: true, labels: ['a', 'b'], group: undefined, include: [] },
    })
    expect(modified('ignoring (a) group_left')).toMatchObject({
      matching: { on: false, labels: ['a'], group: 'left', include: [] },
    })
    expect(modified('on () group_right (c, d)')).toMatchObject({
      matching: { on: true, labels: [], group: 'right', include: ['c', 'd'] },
    })
    expect(modified('ignoring ()')).toMatchObject({ matching: undefined })
  })

  it.each([
    [
      'vector(1) + {a="b"} | json',
      'unexpected type for right leg of binary operation (+): *syntax.PipelineExpr',
    ],
    ['vector(1) or 2', 'unexpected literal for right leg of logical/set binary operation (or): 2.000000'],
    ['vector(1) +', 'line 1, col 12: syntax error: unexpected $end'],
    ['-vector(1)', 'line 1, col 2: syntax error: unexpected VECTOR, expecting NUMBER'],
    ['vector(1) group_left vector(2)', 'line 1, col 11: syntax error: unexpected group_left'],
    ['vector(1) on (a) vector(2)', 'line 1, col 11: syntax error: unexpected on'],
    ['vector(-1)', 'line 1, col 8: syntax error: unexpected -, expecting NUMBER'],
    ['0x1F', 'strconv.ParseFloat: parsing "0x1F": invalid syntax'],
    ['1 2', 'line 1, col 3: syntax error: unexpected NUMBER'],
  ])('are refused: %s', (query, problem) => {
    expect(refusal(query)).toContain(problem)
  })
})

describe('other functions', () => {
  it('replaces labels', () => {
    expect(metric('label_replace(vector(1), "a", "$1", "b", "(.*)")')).toEqual({
      kind: 'label_replace',
      inner: { kind: 'vector', value: 1 },
      target: 'a',
      replacement: '$1',
      source: 'b',
      pattern: '(.*)',
    })
    expect(refusal('label_replace(vector(1), "a", "$1", "b", "(")')).toContain(
      'invalid regex in label_replace: error parsing regexp: missing closing )',
    )
    expect(refusal('label_replace(vector(1), "a", "$1", "b")')).toContain('unexpected ), expecting ,')
  })

  it('names what is not supported', () => {
    expect(outcome('variants(rate({a="b"}[1m])) of ({a="b"}[1m])')).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('variants'),
    })
  })
})
