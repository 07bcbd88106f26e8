import {
  type Expr,
  type Grouping,
  type LogExpr,
  type MetricExpr,
  RANGE_OPERATIONS,
  type RangeOperation,
  VECTOR_OPERATIONS,
  type VectorOperation,
} from '../ast.ts'
import { checkRange, vectorParameter } from '../check/metric.ts'
import { checkLabelReplace } from '../check/regexps.ts'
import { LogqlError } from '../error.ts'
import { parseBinary } from './binary.ts'
import { type Cursor, countNode, expect, take, takeLabels, takeString, unexpected } from './cursor.ts'
import { parseLogRange } from './log-range.ts'
import { isNumberNext, takeNumber, takeUnsignedNumber } from './number.ts'
import { parseSelector } from './selector.ts'
import { parseStages } from './stages.ts'
import { readToken } from './tokens.ts'

const RANGE_OPERATION_OF: ReadonlyMap<string, RangeOperation> = new Map(
  RANGE_OPERATIONS.map((operation) => [operation.toUpperCase(), operation]),
)
const VECTOR_OPERATION_OF: ReadonlyMap<string, VectorOperation> = new Map(
  VECTOR_OPERATIONS.map((operation) => [operation.toUpperCase(), operation]),
)

/** A whole query, or one between parentheses: operands and the operators between them. Throws LogqlError. */
export const parseExpression = (cursor: Cursor): Expr => parseBinary(cursor, parseOperand)

function parseOperand(cursor: Cursor): Expr {
  const { kind } = cursor.token
  if (kind === '{') return parseLog(cursor)
  if (kind === '(') {
    open(cursor)
    const inner = parseExpression(cursor)
    expect(cursor, ')')
    return inner
  }
  if (isNumberNext(cursor)) return { kind: 'literal', value: takeNumber(cursor) }
  const rangeOperation = RANGE_OPERATION_OF.get(kind)
  if (rangeOperation !== undefined) return parseRangeAggregation(cursor, rangeOperation)
  const vectorOperation = VECTOR_OPERATION_OF.get(kind)
  if (vectorOperation !== undefined) return parseVectorAggregation(cursor, vectorOperation)
  if (kind === 'LABEL_REPLACE') return parseLabelReplace(cursor)
  if (kind === 'VECTOR') return parseVector(cursor)
  if (kind === 'VARIANTS') throw new LogqlError('unsupported', 'queries with "variants" are not supported')
  throw unexpected(cursor)
}

const parseLog = (cursor: Cursor): LogExpr => {
  const matchers = parseSelector(cursor)
  return { kind: 'log', matchers, stages: parseStages(cursor, false).stages }
}

/** A query between parentheses or commas, which must be a metric query. Throws LogqlError (`parse`). */
function parseInner(cursor: Cursor): MetricExpr {
  const inner = parseExpression(cursor)
  if (inner.kind === 'log') throw unexpected(cursor)
  return inner
}

function open(cursor: Cursor): void {
  countNode(cursor)
  expect(cursor, '(')
}

function parseRangeAggregation(cursor: Cursor, operation: RangeOperation): MetricExpr {
  take(cursor)
  open(cursor)
  let parameter: number | undefined
  if (cursor.token.kind === 'NUMBER') {
    parameter = takeUnsignedNumber(cursor)
    expect(cursor, ',')
  } else if (cursor.token.kind !== '{' && cursor.token.kind !== '(')
    throw unexpected(cursor, 'NUMBER', '{', '(')
  const { log, unwrap, rangeNs, offsetNs } = parseLogRange(cursor)
  expect(cursor, ')')
  const grouping = parseGrouping(cursor)
  checkRange(operation, parameter, unwrap, grouping)
  return { kind: 'range', operation, parameter, log, unwrap, rangeNs, offsetNs, grouping }
}

function parseVectorAggregation(cursor: Cursor, operation: VectorOperation): MetricExpr {
  take(cursor)
  const groupingBefore = parseGrouping(cursor)
  open(cursor)
  const { written, inner } = parseArguments(cursor)
  expect(cursor, ')')
  const grouping = groupingBefore ?? parseGrouping(cursor)
  const parameter = vectorParameter(operation, written, grouping)
  return { kind: 'vector_aggregation', operation, parameter, inner, grouping: withLabels(grouping) }
}

/** The parameter as it is written, if there is one, and the query. */
function parseArguments(cursor: Cursor): { written: string | undefined; inner: MetricExpr } {
  const { kind, text, end } = cursor.token
  if (kind !== 'NUMBER' || readToken(cursor.query, end).kind !== ',')
    return { written: undefined, inner: parseInner(cursor) }
  take(cursor)
  take(cursor)
  return { written: text, inner: parseInner(cursor) }
}

/** `by ()` of a vector aggregation means the same as no grouping: all series become one. */
const withLabels = (grouping: Grouping | undefined): Grouping | undefined =>
  grouping !== undefined && !grouping.without && grouping.labels.length === 0 ? undefined : grouping

function parseGrouping(cursor: Cursor): Grouping | undefined {
  const { kind } = cursor.token
  if (kind !== 'by' && kind !== 'without') return undefined
  take(cursor)
  return { without: kind === 'without', labels: takeLabels(cursor) }
}

function parseLabelReplace(cursor: Cursor): MetricExpr {
  take(cursor)
  open(cursor)
  const inner = parseInner(cursor)
  const next = (): string => {
    expect(cursor, ',')
    return takeString(cursor)
  }
  const [target, replacement, source, pattern] = [next(), next(), next(), next()]
  expect(cursor, ')')
  checkLabelReplace(pattern)
  return { kind: 'label_replace', inner, target, replacement, source, pattern }
}

function parseVector(cursor: Cursor): MetricExpr {
  take(cursor)
  open(cursor)
  const value = takeUnsignedNumber(cursor)
  expect(cursor, ')')
  return { kind: 'vector', value }
}
