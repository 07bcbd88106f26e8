import fc from 'fast-check'
import {
  type BinaryExpr,
  type Expr,
  type Grouping,
  type LabelFilter,
  type LineFilter,
  type LogExpr,
  type Matcher,
  type Matching,
  type MetricExpr,
  RANGE_OPERATIONS,
  type RangeExpr,
  type RangeOperation,
  SET_OPERATIONS,
  type Stage,
  type Unwrap,
  VECTOR_OPERATIONS,
  type VectorExpr,
} from '../../logql/ast.ts'
import { formatGoDuration } from '../../logql/durations.ts'
import { formatSize } from '../../logql/sizes.ts'

/** Names of labels, also those that are functions elsewhere. */
const name = fc.oneof(
  fc.constantFrom(
    'a',
    'job',
    '_x9',
    'é',
    'rate',
    'sum',
    'ip',
    'bytes',
    'duration',
    'vector',
    'count_over_time',
  ),
  fc
    .stringMatching(/^[a-z_]{1,4}[0-9]{0,2}$/)
    .filter((text) => !/^(?:on|by|or|and|json|bool|drop|keep)$/.test(text)),
)
const names = fc.array(name, { minLength: 1, maxLength: 3 })
/** Any text without lone surrogates. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('', '"', '`', '\\', 'a"b\\c`d', '\n\t\r', '\x00\x7f', '\u200b', '🚀', 'x'.repeat(60)),
)
const regexp = fc.constantFrom('a', '.*', 'a|b', '^a.c$', '(?i)x', '`.`', '\\d+"', '[0-9]{2}')

const plainMatcher = fc.record({ name, operator: fc.constantFrom('=' as const, '!=' as const), value: text })
const regexpMatcher = fc.record({
  name,
  operator: fc.constantFrom('=~' as const, '!~' as const),
  value: regexp,
})
const matcher: fc.Arbitrary<Matcher> = fc.oneof(plainMatcher, regexpMatcher)
/** The first matcher keeps the selector from matching any stream. */
const selector = fc
  .array(matcher, { maxLength: 2 })
  .map((more): Matcher[] => [{ name: 'app', operator: '=', value: 'x' }, ...more])

const comparison = fc.constantFrom('==', '!=', '>', '>=', '<', '<=' as const)
const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const simpleFilter: fc.Arbitrary<LabelFilter> = fc.oneof(
  matcher.map((match): LabelFilter => ({ kind: 'match', matcher: match })),
  fc.record({ kind: fc.constant('number' as const), label: name, operator: comparison, value: number }),
  fc
    .record({ label: name, operator: comparison, ns: fc.integer({ min: -(10 ** 15), max: 10 ** 15 }) })
    .map(
      (filter): LabelFilter => ({ kind: 'duration', ...filter, text: formatGoDuration(BigInt(filter.ns)) }),
    ),
  fc
    .record({ label: name, operator: comparison, count: fc.integer({ min: 10, max: 999 }), power: fc.nat(4) })
    .map(({ label, operator, count, power }): LabelFilter => {
      const bytes = count * 1000 ** power
      return { kind: 'bytes', label, operator, bytes, text: formatSize(bytes) }
    }),
  fc.record({
    kind: fc.constant('ip' as const),
    label: name,
    operator: fc.constantFrom('=' as const, '!=' as const),
    range: text,
  }),
)
export const labelFilter: fc.Arbitrary<LabelFilter> = fc.letrec<{ filter: LabelFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    simpleFilter,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      left: tie('filter'),
      right: tie('filter'),
    }),
  ),
})).filter

const term = fc.record({ text, isIp: fc.boolean() })
const lineFilter: fc.Arbitrary<LineFilter> = fc.oneof(
  fc.record({
    kind: fc.constant('line_filter' as const),
    operator: fc.constantFrom('|=' as const, '|~' as const, '|>' as const),
    terms: fc.array(term, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('line_filter' as const),
    operator: fc.constantFrom('!=' as const, '!~' as const, '!>' as const),
    terms: fc.tuple(term),
  }),
)
const extractions = fc.array(fc.record({ label: name, path: text }), { maxLength: 3 })
const choice = fc.oneof(
  name.map((label) => ({ name: label, matcher: undefined })),
  matcher.map((match) => ({ name: match.name, matcher: match })),
)
/** Every kind of stage. */
export const stage: fc.Arbitrary<Stage> = fc.oneof(
  lineFilter,
  fc.record({ kind: fc.constant('json' as const), extractions }),
  fc.record({
    kind: fc.constant('logfmt' as const),
    strict: fc.boolean(),
    keepEmpty: fc.boolean(),
    extractions,
  }),
  fc.constant<Stage>({ kind: 'regexp', pattern: '(?P<a>\\d+) "(?P<b>.*)"' }),
  fc.constant<Stage>({ kind: 'pattern', pattern: '<_> "<a> <b>' }),
  fc.constantFrom<Stage>({ kind: 'unpack' }, { kind: 'decolorize' }),
  labelFilter.map((filter): Stage => ({ kind: 'label_filter', filter })),
  fc.record({ kind: fc.constant('line_format' as const), template: text }),
  fc.record({
    kind: fc.constant('label_format' as const),
    formats: fc.array(
      fc.record({
        label: name,
        from: fc.oneof(
          name.map((label) => ({ label })),
          text.map((template) => ({ template })),
        ),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record({
    kind: fc.constantFrom('drop' as const, 'keep' as const),
    labels: fc.array(choice, { minLength: 1, maxLength: 3 }),
  }),
)
/** `| drop a != "b"` drops the label by its value: no line filter can come after a lone name. */
const isMistakable = (current: Stage, next: Stage | undefined): boolean =>
  (current.kind === 'drop' || current.kind === 'keep') &&
  current.labels.at(-1)?.matcher === undefined &&
  next?.kind === 'line_filter' &&
  (next.operator === '!=' || next.operator === '!~')

export const log: fc.Arbitrary<LogExpr> = fc.record({
  kind: fc.constant('log' as const),
  matchers: selector,
  stages: fc
    .array(stage, { maxLength: 4 })
    .filter((stages) => !stages.some((current, index) => isMistakable(current, stages[index + 1]))),
})

const grouping: fc.Arbitrary<Grouping> = fc.record({
  without: fc.boolean(),
  labels: fc.array(name, { maxLength: 3 }),
})
const unwrap: fc.Arbitrary<Unwrap> = fc.record({
  label: name,
  conversion: fc.constantFrom(undefined, 'bytes', 'duration', 'duration_seconds'),
  filters: fc.array(labelFilter, { maxLength: 2 }),
})
const LINES_ONLY: readonly RangeOperation[] = ['count_over_time', 'bytes_over_time', 'bytes_rate']
const EITHER: readonly RangeOperation[] = ['rate', 'absent_over_time']
const UNGROUPED: readonly RangeOperation[] = [...LINES_ONLY, ...EITHER, 'rate_counter', 'sum_over_time']

export const range: fc.Arbitrary<RangeExpr> = fc.constantFrom(...RANGE_OPERATIONS).chain((operation) =>
  fc.record({
    kind: fc.constant('range' as const),
    operation: fc.constant(operation),
    parameter:
      operation === 'quantile_over_time'
        ? fc.double({ min: 0, max: 1, noNaN: true })
        : fc.constant(undefined),
    log,
    unwrap: LINES_ONLY.includes(operation)
      ? fc.constant(undefined)
      : EITHER.includes(operation)
        ? fc.option(unwrap, { nil: undefined })
        : unwrap,
    rangeNs: fc.bigInt({ min: 1n, max: 10n ** 11n }).map((ms) => ms * 1_000_000n),
    offsetNs: fc.oneof(fc.constant(0n), fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })),
    grouping: UNGROUPED.includes(operation)
      ? fc.constant(undefined)
      : fc.option(grouping, { nil: undefined }),
  }),
)

const matching: fc.Arbitrary<Matching> = fc
  .record({
    on: fc.boolean(),
    labels: names,
    group: fc.constantFrom(undefined, 'left' as const, 'right' as const),
    include: fc.array(name, { maxLength: 2 }),
  })
  .map((each) => ({ ...each, include: each.group === undefined ? [] : each.include }))

const isUnmeant = ({ without, labels }: Grouping): boolean => !without && labels.length === 0

/** Every kind of metric query, as the parser makes it: operations on two literals are calculated already. */
export const metric: fc.Arbitrary<MetricExpr> = fc.letrec<{ metric: MetricExpr }>((tie) => {
  const vectorExpr = fc
    .record({
      kind: fc.constant('vector_aggregation' as const),
      operation: fc.constantFrom(...VECTOR_OPERATIONS),
      parameter: fc.integer({ min: 1, max: 1000 }),
      inner: tie('metric'),
      grouping: fc.option(grouping, { nil: undefined }),
    })
    .map((expr): VectorExpr => {
      const isOrder = expr.operation.startsWith('sort')
      const isPlain = isOrder || expr.operation === 'approx_topk'
      return {
        ...expr,
        parameter: /topk|bottomk/.test(expr.operation) ? expr.parameter : undefined,
        grouping:
          isPlain || expr.grouping === undefined || isUnmeant(expr.grouping) ? undefined : expr.grouping,
      }
    })
  const arithmetic = fc.record({
    operator: fc.constantFrom('+', '-', '*', '/', '%', '^' as const),
    bool: fc.constant(false),
  })
  const comparing = fc.record({ operator: comparison, bool: fc.boolean() })
  const set = fc.record({ operator: fc.constantFrom(...SET_OPERATIONS), bool: fc.constant(false) })
  const binary = fc
    .record({
      how: fc.oneof(arithmetic, comparing, set),
      left: tie('metric'),
      right: tie('metric'),
      matching: fc.option(matching, { nil: undefined }),
    })
    .map(({ how, left, right, matching: each }): BinaryExpr => {
      const isSet = SET_OPERATIONS.some((operation) => operation === how.operator)
      const nonLiteral = (expr: MetricExpr): MetricExpr =>
        expr.kind === 'literal' ? { kind: 'vector', value: 1 } : expr
      return {
        kind: 'binary',
        ...how,
        left: isSet ? nonLiteral(left) : left,
        right: isSet || left.kind === 'literal' ? nonLiteral(right) : right,
        matching: each,
      }
    })
  return {
    metric: fc.oneof(
      { maxDepth: 4 },
      range,
      number.map((value): MetricExpr => ({ kind: 'literal', value })),
      fc.nat(1000).map((value): MetricExpr => ({ kind: 'vector', value })),
      vectorExpr,
      binary,
      fc.record({
        kind: fc.constant('label_replace' as const),
        inner: tie('metric'),
        target: text,
        replacement: text,
        source: text,
        pattern: regexp,
      }),
    ),
  }
}).metric

/** Every kind of query. */
export const expr: fc.Arbitrary<Expr> = fc.oneof(log, metric)
