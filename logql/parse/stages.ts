import {
  type Extraction,
  type LabelChoice,
  type LabelFormat,
  type LineFilter,
  type LineTerm,
  type Stage,
} from '../ast.ts'
import { checkPatternStage, checkRegexpStage } from '../check/captures.ts'
import { checkMatcher } from '../check/regexps.ts'
import { type Cursor, countNode, expect, take, takeIf, takeList, takeString } from './cursor.ts'
import { parseLabelFilter, takeParenthesized } from './label-filter.ts'
import { matchOperator } from './selector.ts'

const LINE_OPERATORS: readonly LineFilter['operator'][] = ['|=', '!=', '|~', '!~', '|>', '!>']

const lineOperator = ({ token }: Cursor): LineFilter['operator'] | undefined =>
  LINE_OPERATORS.find((operator) => operator === token.kind)

/**
 * Reads stages. Stops at the end of the pipeline, or after the `|` of an `unwrap` where one is allowed: then `isUnwrap`
 * is true. Throws LogqlError (`parse`).
 */
export function parseStages(
  cursor: Cursor,
  isUnwrapAllowed: boolean,
): { stages: Stage[]; isUnwrap: boolean } {
  const stages: Stage[] = []
  for (;;) {
    const operator = lineOperator(cursor)
    if (operator !== undefined) {
      countNode(cursor)
      stages.push(...parseLineFilter(cursor, operator))
    } else if (!takeIf(cursor, '|')) return { stages, isUnwrap: false }
    else if (isUnwrapAllowed && cursor.token.kind === 'unwrap') return { stages, isUnwrap: true }
    else {
      countNode(cursor)
      stages.push(parseStage(cursor))
    }
  }
}

/**
 * One line filter. `!= "a" or "b"` gives two: it means the same as `!= "a" != "b"`, which is how Loki writes it.
 */
function parseLineFilter(cursor: Cursor, operator: LineFilter['operator']): LineFilter[] {
  take(cursor)
  const terms = [parseLineTerm(cursor)]
  while (takeIf(cursor, 'or')) terms.push(parseLineTerm(cursor))
  return operator.startsWith('!')
    ? terms.map((term) => ({ kind: 'line_filter', operator, terms: [term] }))
    : [{ kind: 'line_filter', operator, terms }]
}

const parseLineTerm = (cursor: Cursor): LineTerm =>
  takeIf(cursor, 'ip')
    ? { text: takeParenthesized(cursor), isIp: true }
    : { text: takeString(cursor, 'STRING', 'ip'), isIp: false }

function parseStage(cursor: Cursor): Stage {
  switch (cursor.token.kind) {
    case 'json':
      take(cursor)
      return { kind: 'json', extractions: parseExtractions(cursor) }
    case 'logfmt':
      return parseLogfmt(cursor)
    case 'regexp': {
      const pattern = takeArgument(cursor)
      checkRegexpStage(pattern)
      return { kind: 'regexp', pattern }
    }
    case 'pattern': {
      const pattern = takeArgument(cursor)
      checkPatternStage(pattern)
      return { kind: 'pattern', pattern }
    }
    case 'unpack':
    case 'decolorize':
      return { kind: take(cursor).kind === 'unpack' ? 'unpack' : 'decolorize' }
    case 'line_format':
      return { kind: 'line_format', template: takeArgument(cursor) }
    case 'label_format':
      take(cursor)
      return { kind: 'label_format', formats: takeList(cursor, parseLabelFormat) }
    case 'drop':
    case 'keep': {
      const kind = take(cursor).kind === 'drop' ? 'drop' : 'keep'
      return { kind, labels: takeList(cursor, parseLabelChoice) }
    }
    default:
      return { kind: 'label_filter', filter: parseLabelFilter(cursor) }
  }
}

/** Consumes the name of a stage and returns the string after it. */
function takeArgument(cursor: Cursor): string {
  take(cursor)
  return takeString(cursor)
}

const parseExtractions = (cursor: Cursor): Extraction[] =>
  cursor.token.kind === 'IDENTIFIER' ? takeList(cursor, parseExtraction) : []

function parseExtraction(cursor: Cursor): Extraction {
  const label = expect(cursor, 'IDENTIFIER').text
  return { label, path: takeIf(cursor, '=') ? takeString(cursor) : label }
}

function parseLogfmt(cursor: Cursor): Stage {
  take(cursor)
  const flags: string[] = []
  while (cursor.token.kind === 'PARSER_FLAG') flags.push(take(cursor).text)
  const extractions = parseExtractions(cursor)
  return {
    kind: 'logfmt',
    strict: flags.includes('--strict'),
    keepEmpty: flags.includes('--keep-empty'),
    extractions,
  }
}

function parseLabelFormat(cursor: Cursor): LabelFormat {
  const label = expect(cursor, 'IDENTIFIER').text
  expect(cursor, '=')
  if (cursor.token.kind === 'IDENTIFIER') return { label, from: { label: take(cursor).text } }
  return { label, from: { template: takeString(cursor, 'STRING', 'IDENTIFIER') } }
}

function parseLabelChoice(cursor: Cursor): LabelChoice {
  const name = expect(cursor, 'IDENTIFIER').text
  const operator = matchOperator(cursor)
  if (operator === undefined) return { name, matcher: undefined }
  take(cursor)
  const matcher = { name, operator, value: takeString(cursor) }
  checkMatcher(matcher)
  return { name, matcher }
}
