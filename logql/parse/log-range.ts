import { type LabelFilter, type LogExpr, type Unwrap, type UnwrapConversion } from '../ast.ts'
import { parseLogqlDuration } from '../durations.ts'
import { type Cursor, countNode, expect, take, takeIf, unexpected } from './cursor.ts'
import { parseLabelFilter } from './label-filter.ts'
import { parseError } from './parse-error.ts'
import { parseSelector } from './selector.ts'
import { parseStages } from './stages.ts'
import { placeOf } from './tokens.ts'

/** Log lines of a range of time: the `{…} | … [5m] offset 1h` in a range aggregation. */
export type LogRange = { log: LogExpr; unwrap: Unwrap | undefined; rangeNs: bigint; offsetNs: bigint }

/** The log lines without the range, and the range without the lines: either may come first in a query. */
type Lines = { log: LogExpr; unwrap: Unwrap | undefined }
type Range = { rangeNs: bigint; offsetNs: bigint }

/**
 * A log query with a range after the selector or after the pipeline, with or without parentheses around it. Throws
 * LogqlError (`parse`).
 */
export function parseLogRange(cursor: Cursor): LogRange {
  const { lines, range } = parseLines(cursor)
  if (range === undefined) throw unexpected(cursor, 'RANGE', '|')
  return { ...lines, ...range }
}

function parseLines(cursor: Cursor): { lines: Lines; range: Range | undefined } {
  if (takeIf(cursor, '(')) {
    countNode(cursor)
    const inner = parseLines(cursor)
    expect(cursor, ')')
    return inner.range === undefined && cursor.token.kind === 'RANGE' ? withRange(cursor, inner.lines) : inner
  }
  const matchers = parseSelector(cursor)
  const log: LogExpr = { kind: 'log', matchers, stages: [] }
  if (cursor.token.kind === 'RANGE') return withRange(cursor, { log, unwrap: undefined })
  const lines = parsePipeline(cursor, log)
  return cursor.token.kind === 'RANGE' ? { lines, range: parseRange(cursor) } : { lines, range: undefined }
}

/** Reads the range and, if there is no pipeline yet, the pipeline that may follow it. */
function withRange(cursor: Cursor, lines: Lines): { lines: Lines; range: Range } {
  const range = parseRange(cursor)
  const isPiped = lines.unwrap !== undefined || lines.log.stages.length > 0
  return { lines: isPiped ? lines : parsePipeline(cursor, lines.log), range }
}

function parsePipeline(cursor: Cursor, log: LogExpr): Lines {
  const { stages, isUnwrap } = parseStages(cursor, true)
  return { log: { ...log, stages }, unwrap: isUnwrap ? parseUnwrap(cursor) : undefined }
}

function parseRange(cursor: Cursor): Range {
  const rangeNs = durationNs(cursor, take(cursor).text.slice(1, -1).trim())
  if (!takeIf(cursor, 'offset')) return { rangeNs, offsetNs: 0n }
  return { rangeNs, offsetNs: durationNs(cursor, expect(cursor, 'DURATION').text) }
}

function durationNs(cursor: Cursor, text: string): bigint {
  const duration = parseLogqlDuration(text)
  if ('problem' in duration) throw parseError(duration.problem, placeOf(cursor.query, cursor.token))
  return duration.ns
}

const CONVERSIONS: ReadonlyMap<string, UnwrapConversion> = new Map([
  ['BYTES_CONV', 'bytes'],
  ['DURATION_CONV', 'duration'],
  ['DURATION_SECONDS_CONV', 'duration_seconds'],
])

function parseUnwrap(cursor: Cursor): Unwrap {
  expect(cursor, 'unwrap')
  const conversion = CONVERSIONS.get(cursor.token.kind)
  if (conversion !== undefined) {
    take(cursor)
    expect(cursor, '(')
  }
  const instead = conversion === undefined ? ['IDENTIFIER', ...CONVERSIONS.keys()] : []
  const label = expect(cursor, 'IDENTIFIER', ...instead).text
  if (conversion !== undefined) expect(cursor, ')')
  const filters: LabelFilter[] = []
  while (takeIf(cursor, '|')) filters.push(parseLabelFilter(cursor))
  return { label, conversion, filters }
}
