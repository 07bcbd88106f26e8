import { describe, expect, it } from '@jest/globals'
import { type LabelFilter, type Stage } from '../../logql/ast.ts'
import { LogqlError } from '../../logql/error.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { outcome, refusal } from './outcome.ts'
import { type Answer, answersOf } from './recorded.ts'

describe('recorded queries', () => {
  const recordedText = ({ kind, text = '' }: Answer): string =>
    kind === 'format' ? String((JSON.parse(text) as { error: unknown }).error) : text
  const asked = answersOf('log', 'instant', 'range', 'instant-log', 'error', 'format').map((answer) => ({
    query: String(answer.params.query),
    text: answer.status === 200 ? '' : recordedText(answer),
  }))
  const isParseError = ({ text }: { text: string }): boolean => text.startsWith('parse error')

  it('refuses what Loki refuses, at the same place and for the same cause', () => {
    const refused = asked.filter(isParseError)
    expect(refused.length).toBeGreaterThan(50)
    expect(refused.map(({ query }) => [query, refusal(query)])).toEqual(
      refused.map(({ query, text }) => [query, text]),
    )
  })

  it('reads what Loki reads, also what fails only when it runs', () => {
    const read = asked.filter((each) => !isParseError(each))
    expect(read.length).toBeGreaterThan(400)
    expect(read.map(({ query }) => query).filter((query) => outcome(query) instanceof LogqlError)).toEqual([])
  })
})

const log = (query: string): { matchers: readonly unknown[]; stages: readonly Stage[] } => {
  const expr = parseExpr(query)
  if (expr.kind !== 'log') throw new Error(`${query} is no log query`)
  return expr
}
const stages = (text: string): readonly Stage[] => log(`{a="b"} ${text}`).stages
const labelFilter = (text: string): LabelFilter => {
  const [stage] = stages(`| ${text}`)
  if (stage?.kind !== 'label_filter') throw new Error(`${text} is no label filter`)
  return stage.filter
}
/** Label filters with all parentheses, numbers only. */
const shown = (filter: LabelFilter): string =>
  filter.kind === 'and' || filter.kind === 'or'
    ? `(${shown(filter.left)} ${filter.kind} ${shown(filter.right)})`
    : filter.kind === 'number'
      ? filter.label
      : filter.kind

describe('selectors', () => {
  it('have matchers of four kinds', () => {
    expect(log('{a="b", c != "d",e=~"f.*" ,g!~`h\\.`}').matchers).toEqual([
      { name: 'a', operator: '=', value: 'b' },
      { name: 'c', operator: '!=', value: 'd' },
      { name: 'e', operator: '=~', value: 'f.*' },
      { name: 'g', operator: '!~', value: 'h\\.' },
    ])
  })

  it('read strings as Go does', () => {
    const value = (text: string): unknown => log(`{a=${text}}`).matchers[0]
    expect(value('"\\u00e9\\x41\\101\\n\\"\\\\\\U0001F680"')).toMatchObject({ value: 'éAA\n"\\🚀' })
    expect(value('`a\\n"b`')).toMatchObject({ value: 'a\\n"b' })
    expect(value('"\\xc3\\xa9"')).toMatchObject({ value: 'é' })
  })

  it('may have names that are functions elsewhere, but none that are keywords', () => {
    expect(log('{rate="x", sum="y", ip="z"}').matchers).toHaveLength(3)
    expect(refusal('{json="x"}')).toBe(
      'parse error at line 1, col 2: syntax error: unexpected json, expecting IDENTIFIER',
    )
  })

  it.each(['{}', '{a=""}', '{a!="b"}', '{a=~".*", b!~"c"}', 'sum(rate({a=~"x?"}[1m]))', '1 + rate({}[1m])'])(
    'may not match every stream: %s',
    (query) => {
      expect(refusal(query)).toMatch(/^parse error : queries require at least one regexp or equality matcher/)
    },
  )

  it.each(['{a!=""}', '{a=~".+"}', '{a=~".*", b="c"}', '{a!~""}'])('may match many: %s', (query) => {
    expect(log(query).stages).toEqual([])
  })
})

describe('comments and blanks', () => {
  it('mean nothing between tokens', () => {
    const query = '# first\n{ # second\n  a = "b#c" } # third "\n\t| json\r\n# last'
    expect(parseExpr(query)).toEqual(parseExpr('{a="b#c"} | json'))
    expect(parseExpr('sum # all\nby (a) (rate # each\n ({a="b"}[5m]))')).toEqual(
      parseExpr('sum by (a) (rate({a="b"}[5m]))'),
    )
  })

  it('count for the place of an error, which is in characters', () => {
    expect(refusal('# é\n{a="é🚀"} |= 1')).toBe(
      'parse error at line 2, col 13: syntax error: unexpected NUMBER, expecting STRING or ip',
    )
    expect(outcome('\n{a="b"}[5m]')).toMatchObject({
      message: 'parse error at line 0, col 8: syntax error: unexpected RANGE',
      position: { line: 2, column: 8 },
    })
    expect(outcome('\n\n  {a=1}')).toMatchObject({ kind: 'parse', position: { line: 3, column: 6 } })
  })
})

describe('stages', () => {
  it('read line filters, and a negated one with "or" as several', () => {
    expect(stages('|= "a" or "b" |~ `c` !~ "d" |> "<_>e" !> "f"')).toEqual([
      {
        kind: 'line_filter',
        operator: '|=',
        terms: [
          { text: 'a', isIp: false },
          { text: 'b', isIp: false },
        ],
      },
      { kind: 'line_filter', operator: '|~', terms: [{ text: 'c', isIp: false }] },
      { kind: 'line_filter', operator: '!~', terms: [{ text: 'd', isIp: false }] },
      { kind: 'line_filter', operator: '|>', terms: [{ text: '<_>e', isIp: false }] },
      { kind: 'line_filter', operator: '!>', terms: [{ text: 'f', isIp: false }] },
    ])
    expect(stages('!= "a" or "b"')).toEqual(stages('!= "a" != "b"'))
    expect(stages('|= "a" or ip("10.0.0.0/8")')).toMatchObject([
      { terms: [{ text: 'a' }, { text: '10.0.0.0/8', isIp: true }] },
    ])
  })

  it('read parsers with their arguments', () => {
    expect(
      stages(
        '| json | json a, b="c.d" | logfmt --strict --keep-empty e="f",g | logfmt | unpack | regexp "(?P<x>.)" | pattern "<x> "',
      ),
    ).toEqual([
      { kind: 'json', extractions: [] },
      {
        kind: 'json',
        extractions: [
          { label: 'a', path: 'a' },
          { label: 'b', path: 'c.d' },
        ],
      },
      {
        kind: 'logfmt',
        strict: true,
        keepEmpty: true,
        extractions: [
          { label: 'e', path: 'f' },
          { label: 'g', path: 'g' },
        ],
      },
      { kind: 'logfmt', strict: false, keepEmpty: false, extractions: [] },
      { kind: 'unpack' },
      { kind: 'regexp', pattern: '(?P<x>.)' },
      { kind: 'pattern', pattern: '<x> ' },
    ])
    expect(stages('| logfmt --keep-empty --strict')).toEqual(stages('| logfmt --strict --keep-empty'))
  })

  it('read what changes lines and labels', () => {
    expect(
      stages(
        '| line_format `{{.a}}` | label_format a=b, c="{{.d}}" | decolorize | drop e, f="g" | keep h, i=~"j"',
      ),
    ).toEqual([
      { kind: 'line_format', template: '{{.a}}' },
      {
        kind: 'label_format',
        formats: [
          { label: 'a', from: { label: 'b' } },
          { label: 'c', from: { template: '{{.d}}' } },
        ],
      },
      { kind: 'decolorize' },
      {
        kind: 'drop',
        labels: [
          { name: 'e', matcher: undefined },
          { name: 'f', matcher: { name: 'f', operator: '=', value: 'g' } },
        ],
      },
      {
        kind: 'keep',
        labels: [
          { name: 'h', matcher: undefined },
          { name: 'i', matcher: { name: 'i', operator: '=~', value: 'j' } },
        ],
      },
    ])
  })

  it('refuse a stage that Loki 3 has no more by its name', () => {
    expect(outcome('{a="b"} | distinct c')).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('distinct'),
    })
    expect(labelFilter('distinct="x"')).toMatchObject({ kind: 'match' })
  })
})

describe('label filters', () => {
  it('compare with texts, numbers, durations, sizes and addresses', () => {
    expect(labelFilter('a="b"')).toEqual({ kind: 'match', matcher: { name: 'a', operator: '=', value: 'b' } })
    expect(labelFilter('a!~"b"')).toMatchObject({ kind: 'match', matcher: { operator: '!~' } })
    expect(labelFilter('a=1')).toEqual({ kind: 'number', label: 'a', operator: '==', value: 1 })
    expect(labelFilter('a != -.5e1')).toEqual({ kind: 'number', label: 'a', operator: '!=', value: -5 })
    expect(labelFilter('a>=1h2m3.5s')).toMatchObject({ kind: 'duration', operator: '>=', ns: 3723.5e9 })
    expect(labelFilter('a<-2d')).toMatchObject({ kind: 'duration', ns: -172_800e9, text: '-2d' })
    expect(labelFilter('a<250µs')).toMatchObject({ kind: 'duration', ns: 250_000 })
    expect(labelFilter('a==1.5KiB')).toMatchObject({ kind: 'bytes', operator: '==', bytes: 1536 })
    expect(labelFilter('a<=20k')).toMatchObject({ kind: 'bytes', bytes: 20_000, text: '20k' })
    for (const text of ['a<=20kb', 'a<=20b', 'a<=1PB', 'a<=1KIB'])
      expect(() => labelFilter(text)).toThrow(LogqlError)
    expect(labelFilter('a!=ip("::1")')).toEqual({ kind: 'ip', label: 'a', operator: '!=', range: '::1' })
  })

  it.each([
    ['a>1 and b>2 or c>3', '((a and b) or c)'],
    ['a>1 or b>2 and c>3', '(a or (b and c))'],
    ['(a>1 or b>2) and c>3', '((a or b) and c)'],
    ['a>1, b>2, c>3', '(a and (b and c))'],
    ['a>1 b>2 (c>3)', '(a and (b and c))'],
    ['a>1 or b>2 or c>3', '((a or b) or c)'],
    ['a>1 AND b>2 OR c>3', '((a and b) or c)'],
    ['((a>1))', 'a'],
  ])('are joined: %s', (text, expected) => {
    expect(shown(labelFilter(text))).toBe(expected)
  })
})
