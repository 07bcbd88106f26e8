import { describe, expect, it } from '@jest/globals'
import { LogqlError } from '../../../logql/error.ts'
import { MAX_TEXT } from '../../../logql/template/limits.ts'
import { compileLineTemplate } from '../../../logql/template/line.ts'

const labels = new Map([
  ['source', 'crm'],
  ['description', '153 rows ingested'],
  ['from', '1679577215'],
  ['size', '1.5MB'],
])
const context = {
  label: (name: string) => labels.get(name),
  labels: () => labels,
  line: () => '{"a": [1, 2]}',
  timeNs: () => 1_795_082_400_000_000_001n,
}
const execute = (template: string): string => compileLineTemplate(template)(context)

/** The error that a template ends with, when it is compiled or executed. */
function errorOf(act: () => unknown): LogqlError {
  try {
    act()
  } catch (error) {
    if (error instanceof LogqlError) return error
    throw error
  }
  throw new Error('no error')
}

describe('compileLineTemplate', () => {
  it.each([
    ['{{.missing}}|', '|'],
    ['{{ default "none" .missing }}', 'none'],
    [
      '{{ range $name, $value := . }}{{ $name }}={{ $value }};{{ end }}',
      'description=153 rows ingested;from=1679577215;size=1.5MB;source=crm;',
    ],
    ['{{ __line__ }} {{ (fromJson __line__).a }}', '{"a": [1, 2]} [1 2]'],
    ['{{ __timestamp__ | unixEpochNanos }}', '1795082400000000001'],
    ['{{ __timestamp__ }}', '2026-11-19 10:00:00.000000001 +0000 UTC'],
    ['{{ alignLeft 5 .source }}|{{ alignRight 5 .source }}|', 'crm  |  crm|'],
    ['{{ alignLeft 2 .source }}|{{ alignRight 2 .source }}|{{ alignLeft -1 .source }}', 'cr|rm|crm'],
    ['{{ alignLeft 3 "éé€é" }}', 'éé€'],
    ['{{ date "2006-01-02" (unixToTime .from) }}', '2023-03-23'],
    [
      '{{ unixToTime "19000" | unixEpoch }} {{ unixToTime "1679577215000" | unixEpoch }}',
      '1641600000 1679577215',
    ],
    ['{{ unixToTime "1679577215000001" | unixEpochNanos }}', '1679577215000001000'],
    ['{{ bytes .size }} {{ bytes "2 KiB" }} {{ bytes "1,024" }} {{ bytes "3" }}', '1.5e+06 2048 1024 3'],
    ['{{ duration "1h30m" }} {{ duration_seconds "250ms" }}', '5400 0.25'],
    ['{{ count "[0-9]" .description }}', '3'],
    ['{{ int "1.9" }} {{ int "-1.9" }} {{ int "x.9" }}', '1 -1 0'],
  ])('%s', (template, text) => {
    expect(execute(template)).toBe(text)
  })

  it('executes anew for each line', () => {
    const template = compileLineTemplate('{{ $x := .source }}{{ $x }}')
    const other = { ...context, label: () => 'erp' }
    expect([template(context), template(other), template(context)]).toEqual(['crm', 'erp', 'crm'])
  })

  it('says where a template is wrong', () => {
    const error = errorOf(() => compileLineTemplate('a\n{{ .a | nope }}'))
    expect(error).toMatchObject({ kind: 'parse', position: { line: 2, column: 9 } })
    expect(error.message).toBe('template: line:2: function "nope" not defined')
  })

  it('names the template as it was told', () => {
    const error = errorOf(() => compileLineTemplate('{{ div 1 0 }}', 'label')(context))
    expect(error).toMatchObject({
      kind: 'execution',
      message:
        'template: label:1:3: executing "label" at <div 1 0>: error calling div: runtime error: integer divide by zero',
    })
  })

  it.each([
    ['unixToTime "12"', /unable to parse time '12'/],
    ['unixToTime "abcde"', /unable to parse time 'abcde'.*invalid syntax/],
    ['bytes "5 parsecs"', /error calling bytes: unhandled size name: parsecs/],
    ['bytes ""', /error calling bytes: strconv.ParseFloat: parsing "": invalid syntax/],
    ['bytes "99999999EB"', /too large/],
    ['regexReplaceAll "(" "a" "b"', /error calling regexReplaceAll/],
    ['count "(" "a"', /error calling count/],
  ])('refuses {{ %s }} with the reason', (call, reason) => {
    const error = errorOf(() => execute(`{{ ${call} }}`))
    expect(error.kind).toBe('execution')
    expect(error.message).toMatch(reason)
  })
})

describe('a template that does too much', () => {
  it.each([
    '{{ range 1000000000 }}{{ end }}',
    '{{ range 1000000000 }}0123456789{{ end }}',
    `{{ repeat ${MAX_TEXT + 1} "x" }}`,
    '{{ indent 1000000000 "x" }}',
    '{{ alignRight 1000000000 "x" }}',
    '{{ $x := "ab" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}',
    '{{ $x := repeat 100000 "a" }}{{ replace "a" $x $x }}',
    '{{ $x := repeat 10000 "a" }}{{ regexReplaceAll "a" $x $x }}',
    '{{ $x := repeat 10000 "a" }}{{ regexReplaceAll "a+" $x "$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0" }}',
    '{{ printf "%1000000d%1000000d" 1 2 }}',
    '{{ printf "%1000000v" (fromJson "[1,2,3]") }}',
  ])('is stopped: %s', (template) => {
    expect(errorOf(() => execute(template)).kind).toBe('limit')
  })

  it.each([
    '{{ define "t" }}{{ template "t" . }}{{ end }}{{ template "t" . }}',
    `{{ define "t" }}${'{{ if 1 }}'.repeat(150)}{{ template "t" . }}${'{{ end }}'.repeat(150)}{{ end }}{{ template "t" . }}`,
  ])('does not overflow the stack: %s', (template) => {
    expect(errorOf(() => execute(template)).message).toContain('exceeded maximum template depth')
  })

  it.each([
    ['parentheses', `{{ ${'('.repeat(10_000)}1${')'.repeat(10_000)} }}`],
    ['actions', `${'{{ if 1 }}'.repeat(10_000)}${'{{ end }}'.repeat(10_000)}`],
    ['else if', `{{ if 0 }}${'{{ else if 0 }}'.repeat(10_000)}{{ end }}`],
  ])('is refused where %s nest too deep', (_, template) => {
    expect(errorOf(() => compileLineTemplate(template))).toMatchObject({
      kind: 'parse',
      message: expect.stringContaining('max expression depth exceeded'),
    })
  })

  it('has pipelines of any length', () => {
    const template = compileLineTemplate(`{{ 1${' | print'.repeat(15_000)} }}`)
    expect(template(context)).toBe('1')
  })

  it('reads no JSON that nests too deep', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const template = compileLineTemplate('{{ fromJson __line__ }}')
    expect(template({ ...context, line: () => deep })).toBe('<no value>')
  })
})
