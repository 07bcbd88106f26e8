import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type RangeExpr } from '../../logql/ast.ts'
import { directNumber } from '../../logql/evaluate/direct-number.ts'
import { evaluateMetric } from '../../logql/evaluate/metric.ts'
import { renderMetric } from '../../logql/evaluate/render.ts'
import { run } from '../../logql/evaluate/run.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { blockOf, type Source } from '../../logql/source.ts'

const range = (query: string): RangeExpr => {
  const expr = parseExpr(query)
  if (expr.kind !== 'range') throw new Error('no range aggregation')
  return expr
}
const query = (stages: string, grouping = 'by (source)') =>
  `max_over_time({job="x"} ${stages} [5m]) ${grouping}`
const PLAIN = '| json d="duree" | unwrap d | __error__=""'

describe('which queries take numbers out of the lines themselves', () => {
  test.each([PLAIN, '| json d="duree" | unwrap d', '| json duree | unwrap duree'])('%s', (stages) => {
    expect(directNumber(range(query(stages)))).toBeDefined()
  })

  test.each([
    ['two values', query('| json d="duree", e="cpu" | unwrap d')],
    ['a path that goes on', query('| json d="a.duree" | unwrap d')],
    ['a conversion', query('| json d="duree" | unwrap duration(d)')],
    ['another label', query('| json d="duree" | unwrap e')],
    ['a filter of values', query('| json d="duree" | unwrap d | d > 1')],
    ['errors that are wanted', query('| json d="duree" | unwrap d | __error__!=""')],
    ['another stage', query('|= "x" | json d="duree" | unwrap d')],
    ['no grouping', query(PLAIN, '')],
    ['a grouping without', query(PLAIN, 'without (source)')],
    ['a grouping by the label itself', query(PLAIN, 'by (d)')],
  ])('not with %s', (_, text) => {
    expect(directNumber(range(text))).toBeUndefined()
  })
})

describe('a number in a line', () => {
  const { read = () => 0 } = directNumber(range(query(PLAIN))) ?? {}
  const readLine = (line: string) => read(`before\n${line}\nafter`, 7, 7 + line.length)

  test.each([
    ['{"duree":3.25}', 3.25],
    ['{"a":"x","b":1.5e3,"c":true,"duree":-12,"e":{}}', -12],
    ['{"duree": 0.1,"duree":7}', 0.1],
  ])('%s', (line, value) => {
    expect(readLine(line)).toBe(value)
  })

  test.each([
    ...['{"duree":"3"}', '{"duree":null}', '{"duree":3', '{"duree":3.}', '{"duree":.5}', '{"duree":1e3}'],
    ...['{"a":{"duree":3}}', '{"a":"\\"","duree":3}', '["duree",3]', '"duree":3', '{"x":1}', '', '{"du'],
    ...['{"duree":1234567890123456}', '{"duree":-}', '{"duree":1.2.3}', '{"duree":01x}', '{"xduree":3}'],
  ])('%s is left to the stages', (line) => {
    expect(readLine(line)).toBeNaN()
  })

  test('any that is read is the one that JavaScript reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 6 }), (whole, places) => {
        const text = (whole / 10 ** places).toFixed(places)
        expect(readLine(`{"duree":${text}}`)).toBe(Number(text))
      }),
    )
  })

  test('a key of the next line is not this one’s', () => {
    const text = '{"a":1,\n"duree":5}'
    expect(read(text, 0, 7)).toBeNaN()
  })
})

test('the answer is that of the stages, whatever the lines are', () => {
  const token = fc.constantFrom(
    ...[
      '{',
      '}',
      '"duree"',
      '"a"',
      ':',
      ',',
      ' ',
      '1',
      '-2.5',
      '1e9',
      '"x"',
      'null',
      '[',
      ']',
      '\\',
      '"',
      '7}',
    ],
  )
  const anyLine = fc.oneof(
    fc.array(token, { maxLength: 14 }).map((tokens) => tokens.join('')),
    fc
      .tuple(fc.constantFrom('duree', 'a'), fc.json({ maxDepth: 1 }))
      .map(([key, value]) => `{"b":"y","${key}":${value},"duree":4}`),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify({ duree: value })),
  )
  const answer = (lines: readonly string[], isDirect: boolean, text: string) => {
    const block = blockOf(lines.map((line, index) => ({ timeNs: BigInt(index), line })))
    const { hasMetadata: _, ...without } = block
    const labels = new Map([
      ['job', 'x'],
      ['source', 'crm'],
    ])
    const source: Source = {
      *select() {
        yield
        return [{ labels, blocks: [isDirect ? block : without] }]
      },
    }
    const expr = parseExpr(text)
    if (expr.kind === 'log') throw new Error('no metric query')
    try {
      const result = run(evaluateMetric(expr, source, { startNs: 1_000n, endNs: 1_000n, stepNs: 0n }))
      return JSON.stringify(renderMetric(result))
    } catch (error) {
      return String(error)
    }
  }
  fc.assert(
    fc.property(
      fc.array(anyLine, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(PLAIN, '| json d="duree" | unwrap d'),
      fc.constantFrom('max', 'min', 'sum', 'avg'),
      (lines, stages, operation) => {
        const selected = `${operation}_over_time({job="x"} ${stages} [5m])`
        const text = operation === 'sum' ? `sum(${selected})` : `${selected} by (source)`
        expect(answer(lines, true, text)).toBe(answer(lines, false, text))
      },
    ),
    { numRuns: 500 },
  )
})
