import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  ARITHMETIC,
  type BinaryExpr,
  type Grouping,
  type Matching,
  type MetricExpr,
  RANGE_OPERATIONS,
  type RangeExpr,
  type RangeOperation,
  type VectorExpr,
} from '../../logql/ast.ts'
import { LogqlError } from '../../logql/error.ts'
import { evaluateMetric, type MetricResult, type When } from '../../logql/evaluate/metric.ts'
import { run } from '../../logql/evaluate/run.ts'
import { compileMatchers } from '../../logql/matchers.ts'
import { blockOf, type Labels, type Source } from '../../logql/source.ts'
import { obviousAnswer, type PlainStream, SeveralMatches } from './obvious.ts'

const SECOND = 1_000_000_000n
const START = 1_795_082_400n * SECOND + 123_456_789n

/** Times at the edges of windows, 1 ns beside them, equal ones, and some far away. */
const timeNs = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.integer({ min: -40, max: 40 }), fc.constantFrom(-1n, 0n, 0n, 1n)) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(-20_000_000, 20_000_000), fc.constant(0n)) },
)
const time = timeNs.map(([seconds, beside]) => START + BigInt(seconds) * SECOND + beside)

/** Numbers whose sums and squares stay in range. */
const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }).map(Number),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.double({ min: -1e30, max: 1e30, noNaN: true }),
)
const counter = fc.integer({ min: 0, max: 20 })

const labels = fc
  .record({ job: fc.constant('x'), a: fc.constantFrom('', '1', '2'), b: fc.constantFrom('', '1', '2') })
  .map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== '')))

type Entries = PlainStream['entries']
type Cut = { labels: PlainStream['labels']; blocks: Entries[] }

const byTime = (a: { timeNs: bigint }, b: { timeNs: bigint }): number =>
  a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0

/** A stream's entries cut into blocks that overlap in time, each in the order of time, in that of their firsts. */
function cut({ labels, entries }: PlainStream, blockSize: number): Cut {
  const isNear = ({ timeNs }: Entries[number]): boolean =>
    timeNs > START - 1000n * SECOND && timeNs < START + 1000n * SECOND
  const blocks: Entries[] = []
  for (let from = 0; from < entries.length; from += blockSize) {
    const part = entries.slice(from, from + blockSize)
    const far = part.filter((entry) => !isNear(entry)).map((entry) => [entry])
    blocks.push(...[part.filter(isNear).sort(byTime), ...far].filter(({ length }) => length > 0))
  }
  const first = (block: Entries) => ({ timeNs: block[0]?.timeNs ?? 0n })
  return { labels, blocks: blocks.sort((a, b) => byTime(first(a), first(b))) }
}

const streamsOf = (value: fc.Arbitrary<number>): fc.Arbitrary<Cut[]> =>
  fc
    .tuple(
      fc.uniqueArray(
        fc.record({
          labels,
          entries: fc.array(fc.record({ timeNs: time, line: value.map(String) }), {
            minLength: 1,
            maxLength: 30,
          }),
        }),
        { selector: (stream) => JSON.stringify(stream.labels), maxLength: 5 },
      ),
      fc.constantFrom(1, 3, 100),
    )
    .map(([streams, blockSize]) => streams.map((stream) => cut(stream, blockSize)))

/** The stream as an evaluator reads it: of entries with one time in two blocks, those of the earlier block first. */
const asRead = ({ labels, blocks }: Cut): PlainStream => ({ labels, entries: blocks.flat() })

function sourceOf(streams: readonly Cut[]): Source {
  const made = streams.map(({ labels, blocks }) => ({
    labels: new Map(Object.entries(labels).sort()),
    blocks: blocks.map((entries) => blockOf(entries)),
  }))
  return {
    *select(matchers, fromNs, toNs) {
      yield
      const matches = compileMatchers(matchers)
      return made
        .filter((stream) => matches(stream.labels))
        .map((stream) => ({
          ...stream,
          blocks: stream.blocks.filter(({ firstNs, lastNs }) => lastNs >= fromNs && firstNs <= toNs),
        }))
    },
  }
}

const grouping: fc.Arbitrary<Grouping> = fc.record({
  without: fc.boolean(),
  labels: fc.subarray(['a', 'b', 'job', 'nosuch']),
})

const COUNTING: readonly RangeOperation[] = [
  'count_over_time',
  'rate',
  'bytes_over_time',
  'bytes_rate',
  'absent_over_time',
]
const MEASURING = RANGE_OPERATIONS.filter((operation) => !COUNTING.includes(operation))

const rangeExpr = (operations: readonly RangeOperation[], isUnwrapped: boolean): fc.Arbitrary<RangeExpr> =>
  fc
    .record({
      operation: fc.constantFrom(...operations),
      parameter: fc.constantFrom(0, 0.25, 0.5, 0.95, 1, 1.5),
      matcher: fc.constantFrom(['job', 'x'], ['a', '1'], ['a', 'nosuch']),
      rangeNs: fc.constantFrom(1n, SECOND, 5n * SECOND, 30n * SECOND, 300n * 86_400n * SECOND),
      offsetNs: fc.constantFrom(0n, 0n, 7n * SECOND, -3n * SECOND, 1n),
      grouping: fc.option(grouping, { nil: undefined }),
    })
    .map(({ operation, parameter, matcher: [name = '', value = ''], ...others }) => ({
      kind: 'range',
      operation,
      parameter: operation === 'quantile_over_time' ? parameter : undefined,
      log: {
        kind: 'log',
        matchers: [{ name, operator: '=', value }],
        stages: isUnwrapped ? [{ kind: 'pattern', pattern: '<number>' }] : [],
      },
      unwrap: isUnwrapped ? { label: 'number', conversion: undefined, filters: [] } : undefined,
      ...others,
    }))

const when: fc.Arbitrary<When> = fc
  .record({
    offset: fc.integer({ min: -10, max: 10 }),
    steps: fc.integer({ min: 0, max: 15 }),
    stepNs: fc.constantFrom(0n, 1n, SECOND, 3n * SECOND, 10n * SECOND, 40n * SECOND),
  })
  .map(({ offset, steps, stepNs }) => {
    const startNs = START + BigInt(offset) * SECOND
    return { startNs, endNs: startNs + BigInt(steps) * stepNs, stepNs }
  })

const key = (labelled: Labels, timeMs: number): string => `${timeMs} ${JSON.stringify([...labelled])}`

function pointsOf(result: MetricResult): Map<string, number> {
  if (result.type === 'scalar')
    return new Map([[key(new Map(), Number(result.timeNs / 1_000_000n)), result.value]])
  if (result.type === 'vector')
    return new Map(
      result.samples.map((sample) => [key(sample.labels, Number(result.timeNs / 1_000_000n)), sample.value]),
    )
  return new Map(
    result.series.flatMap((series) =>
      series.values.map((value, index) => [key(series.labels, series.timesMs[index] ?? 0), value] as const),
    ),
  )
}

const obviousPoints = (expr: MetricExpr, streams: readonly Cut[], at: When): Map<string, number> =>
  new Map(
    obviousAnswer(expr, streams.map(asRead), at).map((point) => [
      key(new Map(Object.entries(point.labels).sort()), Number(point.timeNs / 1_000_000n)),
      point.value,
    ]),
  )

/** Equal within 1e-9 of the value or of the scale on which it was calculated. */
function expectSame(actual: Map<string, number>, expected: Map<string, number>, scale: number): void {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort())
  for (const [name, value] of expected) {
    const other = actual.get(name) ?? Number.NaN
    const isSame =
      Object.is(value, other) || Math.abs(value - other) <= 1e-9 * Math.max(Math.abs(value), scale)
    if (!isSame) expect(`${name} ${other}`).toBe(`${name} ${value}`)
  }
}

const fastPoints = (expr: MetricExpr, streams: readonly Cut[], at: When): Map<string, number> =>
  pointsOf(run(evaluateMetric(expr, sourceOf(streams), at)))

const largestIn = (streams: readonly Cut[]): number =>
  Math.max(
    1e-100,
    ...streams.flatMap(({ blocks }) => blocks.flat().map(({ line }) => Math.abs(Number(line)))),
  )

function settled(ask: () => Map<string, number>): unknown {
  try {
    return ask()
  } catch (error) {
    return error
  }
}

/** Steps of 1 ns share their ms: such points cannot be told apart in an answer. */
const hasOwnMs = ({ stepNs, startNs, endNs }: When): boolean => stepNs !== 1n || startNs === endNs

/**
 * Operators that a last digit can make jump: the two evaluators may add fractions in different orders, and
 * 1 % 0.16666666666666666 is nearly 0 or nearly 0.16666666666666666. Of whole numbers they get the same.
 */
const JUMPING: ReadonlySet<BinaryExpr['operator']> = new Set(['%', '==', '!=', '>', '>=', '<', '<='])
const hasRate = (expr: MetricExpr): boolean =>
  expr.kind === 'range'
    ? expr.operation === 'rate'
    : expr.kind === 'vector_aggregation' && hasRate(expr.inner)

describe('metric queries against an evaluator without tricks', () => {
  it('counts entries and bytes', () => {
    fc.assert(
      fc.property(
        rangeExpr(COUNTING, false),
        streamsOf(value),
        when.filter(hasOwnMs),
        (expr, streams, at) => {
          expectSame(fastPoints(expr, streams, at), obviousPoints(expr, streams, at), 0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('aggregates over time', () => {
    const cases = fc.oneof(
      fc.tuple(
        rangeExpr(
          MEASURING.filter((name) => name !== 'rate_counter'),
          true,
        ),
        streamsOf(value),
      ),
      fc.tuple(rangeExpr(['rate_counter', 'rate'], true), streamsOf(counter)),
    )
    fc.assert(
      fc.property(cases, when.filter(hasOwnMs), ([expr, streams], at) => {
        const largest = largestIn(streams)
        const scale = expr.operation === 'stdvar_over_time' ? largest * largest : largest
        expectSame(fastPoints(expr, streams, at), obviousPoints(expr, streams, at), scale)
      }),
      { numRuns: 300 },
    )
  })

  const counted = rangeExpr(['count_over_time', 'bytes_over_time', 'rate'], false)

  it('aggregates vectors', () => {
    const vector = fc
      .record({
        operation: fc.constantFrom<VectorExpr['operation'][]>(
          'sum',
          'avg',
          'min',
          'max',
          'count',
          'stddev',
          'stdvar',
        ),
        inner: counted,
        grouping: fc.option(grouping, { nil: undefined }),
      })
      .map((parts): VectorExpr => ({ kind: 'vector_aggregation', parameter: undefined, ...parts }))
    fc.assert(
      fc.property(vector, streamsOf(value), when.filter(hasOwnMs), (expr, streams, at) => {
        expectSame(fastPoints(expr, streams, at), obviousPoints(expr, streams, at), 1)
      }),
      { numRuns: 200 },
    )
  })

  it('joins vectors', () => {
    const matching = fc
      .record({
        on: fc.boolean(),
        labels: fc.subarray(['a', 'b']),
        group: fc.constantFrom<Matching['group'][]>('left', 'right', undefined),
        include: fc.subarray(['a', 'b']),
      })
      .map((parts): Matching => (parts.group === undefined ? { ...parts, include: [] } : parts))
    const summed = fc.record({ inner: counted, grouping }).map(
      (parts): VectorExpr => ({
        kind: 'vector_aggregation',
        operation: 'sum',
        parameter: undefined,
        ...parts,
      }),
    )
    const operand: fc.Arbitrary<MetricExpr> = fc.oneof(
      counted,
      summed,
      fc.integer({ min: 0, max: 5 }).map((value): MetricExpr => ({ kind: 'vector', value })),
    )
    const number: fc.Arbitrary<MetricExpr> = fc
      .integer({ min: 0, max: 5 })
      .map((value) => ({ kind: 'literal', value }))
    const comparison = fc.constantFrom<BinaryExpr['operator'][]>('==', '!=', '>', '>=', '<', '<=')
    const calculation = fc.oneof(comparison, fc.constantFrom(...ARITHMETIC.filter((name) => name !== '^')))
    const binary = fc.oneof(
      fc.record({
        operator: fc.oneof(calculation, fc.constantFrom<BinaryExpr['operator'][]>('and', 'or', 'unless')),
        left: operand,
        right: operand,
        bool: fc.boolean(),
        matching: fc.option(matching, { nil: undefined }),
      }),
      fc.record({
        operator: calculation,
        left: fc.oneof(operand, number),
        right: number,
        bool: fc.boolean(),
        matching: fc.constant(undefined),
      }),
      fc.record({
        operator: calculation,
        left: number,
        right: operand,
        bool: fc.boolean(),
        matching: fc.constant(undefined),
      }),
    )
    fc.assert(
      fc.property(binary, streamsOf(value), when.filter(hasOwnMs), (parts, streams, at) => {
        fc.pre(!JUMPING.has(parts.operator) || !(hasRate(parts.left) || hasRate(parts.right)))
        const isSet = ['and', 'or', 'unless'].includes(parts.operator)
        const expr: BinaryExpr = {
          kind: 'binary',
          ...parts,
          matching:
            parts.matching === undefined || !isSet
              ? parts.matching
              : { ...parts.matching, group: undefined, include: [] },
        }
        const expected = settled(() => obviousPoints(expr, streams, at))
        const actual = settled(() => fastPoints(expr, streams, at))
        if (expected instanceof Map && actual instanceof Map) expectSame(actual, expected, 1)
        else {
          expect(expected).toBeInstanceOf(SeveralMatches)
          expect(actual).toBeInstanceOf(LogqlError)
        }
      }),
      { numRuns: 400 },
    )
  })
})
