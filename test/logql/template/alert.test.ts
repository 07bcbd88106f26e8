import { describe, expect, it } from '@jest/globals'
import { LogqlError } from '../../../logql/error.ts'
import { type AlertContext, compileAlertTemplate, type Sample } from '../../../logql/template/alert.ts'

const sample = (labels: Record<string, string>, value: number): Sample => ({
  labels: new Map(Object.entries(labels)),
  value,
})

const context: AlertContext = {
  labels: new Map([['source', 'crm']]),
  value: 0.1234567,
  externalLabels: new Map([['cluster', 'eu']]),
  externalUrl: 'http://testhost:9090/path/prefix',
  timeSeconds: 1_795_082_400.5,
  query: (text) => {
    if (text === 'none') return []
    if (text === 'wrong') throw new LogqlError('parse', 'parse error : syntax error')
    return [sample({ instance: 'b', description: text }, 1_795_082_405), sample({ instance: 'a' }, 11)]
  },
}
const expand = (template: string): string => compileAlertTemplate(template, '__alert_Late')(context)

/** The numbers of Prometheus' own tests of its templates. */
const HUMANIZED: [call: string, text: string][] = [
  ['humanize 0.0', '0'],
  ['humanize 1234567.0', '1.235M'],
  ['humanize .12', '120m'],
  ['humanize "1234567.0"', '1.235M'],
  ['humanize -1', '-1'],
  ['humanize 9223372036854775807', '9.223E'],
  ['humanize1024 0.0', '0'],
  ['humanize1024 1048576.0', '1Mi'],
  ['humanize1024 .12', '0.12'],
  ['humanize1024 1234567', '1.177Mi'],
  ['humanize1024 2048', '2ki'],
  ['humanizeDuration 0', '0s'],
  ['humanizeDuration 1', '1s'],
  ['humanizeDuration 60', '1m 0s'],
  ['humanizeDuration 3600', '1h 0m 0s'],
  ['humanizeDuration 90000', '1d 1h 0m 0s'],
  ['humanizeDuration -183845', '-2d 3h 4m 5s'],
  ['humanizeDuration 899.99', '14m 59s'],
  ['humanizeDuration .1', '100ms'],
  ['humanizeDuration .0001', '100us'],
  ['humanizeDuration .12345', '123.5ms'],
  ['humanizeDuration 60.5', '1m 0s'],
  ['humanizeDuration 1.2345', '1.234s'],
  ['humanizeDuration "12.345"', '12.35s'],
  ['humanizeDuration 1234567', '14d 6h 56m 7s'],
  ['humanizePercentage -0.22222', '-22.22%'],
  ['humanizePercentage 0.1234567', '12.35%'],
  ['humanizePercentage 1.23456', '123.5%'],
  ['humanizePercentage 1234567', '1.235e+08%'],
  ['humanizeTimestamp 1435065584.128', '2015-06-23 13:19:44.128 +0000 UTC'],
  ['humanizeTimestamp -1', '1969-12-31 23:59:59 +0000 UTC'],
  ['humanizeTimestamp 9223372036', '2262-04-11 23:47:16 +0000 UTC'],
  ['humanizeTimestamp "NaN"', 'NaN'],
  ['humanize "+Inf"', '+Inf'],
  ['humanizeDuration "-Inf"', '-Inf'],
]

describe('compileAlertTemplate', () => {
  it.each(HUMANIZED)('{{ %s }}', (call, text) => {
    expect(expand(`{{ ${call} }}`)).toBe(text)
  })

  it.each([
    ['plain text', 'plain text'],
    ['{{ printf "%.0f" $value }} {{ .Value }} {{ $value | humanizePercentage }}', '0 0.1234567 12.35%'],
    ['{{ $labels.source }}{{ .Labels.source }}{{ $labels.missing }}', 'crmcrm'],
    [
      '{{ $externalLabels.cluster }} {{ $externalURL }} {{ .ExternalURL }}',
      'eu http://testhost:9090/path/prefix http://testhost:9090/path/prefix',
    ],
    [
      '{{ with query (printf "topk(1, x{source=%q})" $labels.source) }}{{ . | first | label "description" }}{{ end }}',
      'topk(1, x{source="crm"})',
    ],
    [
      '{{ with query "x" }}{{ (. | first | value | toTime).UTC.Format "15:04:05" }} UTC{{ end }}',
      '10:00:05 UTC',
    ],
    ['{{ with query "none" }}some{{ else }}none{{ end }}', 'none'],
    [
      '{{ range query "x" | sortByLabel "instance" }}{{ .Labels.instance }}:{{ .Value }} {{ end }}',
      'a:11 b:1.795082405e+09 ',
    ],
    ['{{ query "x" | first | label "nope" }}|{{ query "x" | first | strvalue }}', '|'],
    ['{{ externalURL }} {{ pathPrefix }}', 'http://testhost:9090/path/prefix /path/prefix'],
    ['{{ define "x" }}{{ .arg0 }} {{ .arg1 }}{{ end }}{{ template "x" (args 1 "2") }}', '1 2'],
    ['{{ "aa bb CC" | title }} {{ "aa" | toUpper }} {{ "aA" | toLower }}', 'Aa Bb CC AA aa'],
    ['{{ match "a+" "aa" }} {{ match "a+" "b" }} {{ reReplaceAll "(a)b" "x$1" "ab" }}', 'true false xa'],
    ['{{ graphLink "up" }} {{ tableLink "a b" }}', '/graph?g0.expr=up&g0.tab=0 /graph?g0.expr=a+b&g0.tab=1'],
    [
      '{{ printf "%0.2f" (parseDuration "1h2m10ms") }} {{ parseDuration "1d" }} {{ parseDuration "1w1d" }}',
      '3720.01 86400 691200',
    ],
    ['{{ "<b>" | safeHtml }} {{ "<b>" }}', '<b> <b>'],
    ['{{ now | printf "%.1f" }} {{ (toDuration 90).String }}', '1795082400.5 1m30s'],
    [
      '{{ "foo.example.com:12345" | stripPort }} {{ "192.0.2.1" | stripPort }} {{ "2001:0DB8::1" | stripPort }}',
      'foo.example.com 192.0.2.1 2001:0DB8::1',
    ],
    [
      '{{ "[2001:0DB8::1]:12345" | stripPort }} {{ "[2001:0DB8::1]::12345" | stripPort }}',
      '2001:0DB8::1 [2001:0DB8::1]::12345',
    ],
    ['{{ "foo.example.com:12345" | stripDomain }} {{ "foo.example.com" | stripDomain }}', 'foo:12345 foo'],
    [
      '{{ "192.0.2.1:12345" | stripDomain }} {{ "[2001:0DB8::1]:12345" | stripDomain }}',
      '192.0.2.1:12345 [2001:0DB8::1]:12345',
    ],
  ])('%s', (template, text) => {
    expect(expand(template)).toBe(text)
  })

  it.each([
    [
      '{{ humanize "one" }}',
      'at <humanize "one">: error calling humanize: strconv.ParseFloat: parsing "one": invalid syntax',
    ],
    [
      '{{ query "none" | first }}',
      'at <first>: error calling first: first() called on vector with no elements',
    ],
    ['{{ (query "none").banana }}', `at <"none">: can't evaluate field banana in type template.queryResult`],
    ['{{ query "wrong" }}', 'at <query "wrong">: error calling query: parse error : syntax error'],
    [
      '{{ humanizeTimestamp 1e300 }}',
      'error calling humanizeTimestamp: 1e+300 cannot be represented as a nanoseconds timestamp since it overflows int64',
    ],
    ['{{ "x" | label "a" }}', 'at <"a">: wrong type for value; expected *template.sample; got string'],
  ])('%s fails in the words of Prometheus', (template, words) => {
    expect(() => expand(template)).toThrow(words)
    expect(() => expand(template)).toThrow('error executing template __alert_Late: template: __alert_Late:1:')
  })

  it('says where a template is wrong, counted in what the user wrote', () => {
    let thrown: unknown
    try {
      compileAlertTemplate('ab {{ nope }}', '__alert_Late')
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({
      kind: 'parse',
      message: 'error parsing template __alert_Late: template: __alert_Late:1: function "nope" not defined',
      position: { line: 1, column: 7 },
    })
  })
})
