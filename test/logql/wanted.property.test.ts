import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ask, at, type Entry, sourceOf, stream } from './ask.ts'

// A sum groups before its labels are made, and parsers then extract only the labels that the query uses. With `+ 0` the
// range aggregation stands alone and all labels are made: the sum must be the same.

const label = fc.constantFrom('app', 'x', 'y', 'z')
const pair = fc.tuple(label, fc.constantFrom('1', '2', 'foo', 'bar'))
const line = fc
  .tuple(fc.constantFrom('logfmt', 'json', 'packed'), fc.array(pair, { maxLength: 4 }))
  .map(([form, pairs]) => {
    const text = pairs.map(([name, value]) => `${name}=${value}`).join(' ')
    if (form === 'logfmt') return text
    return JSON.stringify({ ...Object.fromEntries(pairs), ...(form === 'packed' ? { _entry: text } : {}) })
  })
const template = fc.constantFrom(
  '{{.x}}={{.y}}',
  '{{.z}}',
  '{{index $ `x`}}',
  '{{$.x}}',
  '{{range .}}{{.}}{{end}}',
)
const stage = fc.oneof(
  fc.constantFrom(
    '| json',
    '| logfmt',
    '| unpack',
    '| pattern "<x>=<y>"',
    '| regexp "(?P<x>[a-z]+)=(?P<y>.)"',
  ),
  fc.constantFrom('|= "1"', '|= "foo"', '| json x="y", z', '| logfmt z="x"'),
  fc.tuple(label, fc.constantFrom('1', 'foo', '')).map(([name, value]) => `| ${name}="${value}"`),
  fc.tuple(fc.constantFrom('drop', 'keep'), label).map(([kind, name]) => `| ${kind} ${name}`),
  fc.tuple(label, label).map(([to, from]) => `| label_format ${to}=${from}`),
  fc.tuple(label, template).map(([to, text]) => `| label_format ${to}=${JSON.stringify(text)}`),
  template.map((text) => `| line_format ${JSON.stringify(text)}`),
)
const grouping = fc.constantFrom('', 'by (x)', 'by (app)', 'by (y, z)', 'by (app_extracted)', 'without (x)')

it('sums are the same whether labels that nobody uses are made or not', () => {
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 5 }),
      fc.array(stage, { minLength: 1, maxLength: 4 }),
      grouping,
      (lines, stages, by) => {
        const entries = lines.map((text, index): Entry => [index, text])
        const source = sourceOf(stream({ app: 'a' }, ...entries), stream({ app: 'b', x: 'q' }, ...entries))
        // An error in a line would fail one of the two queries only.
        const range = `count_over_time({app=~".+"} ${stages.join(' ')} | __error__="" [10s])`
        expect([range, ask(`sum ${by} (${range})`, source, at(5))]).toEqual([
          range,
          ask(`sum ${by} (${range} + 0)`, source, at(5)),
        ])
      },
    ),
    { numRuns: 500 },
  )
})
