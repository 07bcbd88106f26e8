import { describe, expect, it } from '@jest/globals'
import { parseExpr } from '../../../logql/parse/parse.ts'
import { allLabels, labelValueOf } from '../../../logql/stages/pipeline.ts'
import { compileUnwrap, type Unwrapped } from '../../../logql/stages/unwrap.ts'
import { wantedLabels } from '../../../logql/stages/wanted.ts'
import { type LabelRecord, labelsAfter, labelsOf, pipelineOf, processed } from './processing.ts'

const never = (): bigint => {
  throw new Error('the time was asked for')
}

describe('an error that is dropped', () => {
  it('takes its details along only where the entry has no other labels than its stream', () => {
    expect(labelsAfter('| json | drop __error__', 'x', { job: 'x' })).toEqual({ job: 'x' })
    const labels = { job: 'x', __error_details__: expect.any(String) }
    expect(labelsAfter('| json | drop __error__', 'x', { job: 'x', a: 'b' }, { t: 'm' })).toMatchObject(
      labels,
    )
    expect(labelsAfter('| json | drop __error__, a', 'x', { job: 'x', a: 'b' })).toEqual(labels)
  })
})

describe('compilePipeline', () => {
  it('answers the same objects for what no stage changed', () => {
    const stream = labelsOf({ job: 'x' })
    const metadata = labelsOf({ t: 'm' })
    const pipeline = pipelineOf('|= "a" | job="x"').forStream(stream)
    const first = pipeline.process(never, 'a', metadata)
    const second = pipeline.process(never, 'ab', undefined)
    expect(first?.stream).toBe(stream)
    expect(first?.metadata).toBe(metadata)
    expect(second?.stream).toBe(stream)
    expect(second?.metadata).toBe(first?.parsed)
    expect(second && allLabels(second)).toBe(stream)
  })

  it('keeps the three kinds of labels apart', () => {
    const result = processed('| logfmt | b > 1', 'a=1 b=x', { job: 'x' }, { t: 'm' })
    expect(result?.stream).toEqual(new Map([['job', 'x']]))
    expect(result?.metadata).toEqual(new Map([['t', 'm']]))
    expect([...(result?.parsed.keys() ?? [])]).toEqual(['a', 'b', '__error__', '__error_details__'])
    expect(result && labelValueOf(result, 'a')).toBe('1')
    expect(result && [...allLabels(result).keys()]).toEqual([
      '__error__',
      '__error_details__',
      'a',
      'b',
      'job',
      't',
    ])
  })

  it('sorts the labels of a stream that are not', () => {
    const stream = new Map([
      ['b', '1'],
      ['a', '2'],
    ])
    const result = pipelineOf('').forStream(stream).process(never, '', undefined)
    expect(result && [...allLabels(result).keys()]).toEqual(['a', 'b'])
  })

  it('asks for the time when a template does', () => {
    const result = processed('| label_format ts=`{{ __timestamp__ | unixEpoch }}`', '')
    expect(result?.parsed.get('ts')).toBe('1795082400')
  })
})

describe('what is wanted', () => {
  const wantedBy = (query: string): ReadonlySet<string> | undefined => {
    const expr = parseExpr(query)
    if (expr.kind !== 'vector_aggregation' || expr.inner.kind !== 'range')
      throw new Error('no sum of a range')
    return wantedLabels(
      expr.inner.log.stages,
      expr.inner.unwrap,
      expr.grouping ?? { without: false, labels: [] },
    )
  }

  it.each([
    ['sum(count_over_time({a="b"} | json [1m]))', []],
    ['sum by (x, y) (count_over_time({a="b"} | json [1m]))', ['x', 'y']],
    [
      'sum by (x) (count_over_time({a="b"} | json | c > 1 and d="e" | __error__="" [1m]))',
      ['x', 'c', 'd', '__error__'],
    ],
    ['sum by (x) (sum_over_time({a="b"} | logfmt | unwrap u | f > 1 [1m]))', ['x', 'u', 'f']],
    [
      'sum by (x) (count_over_time({a="b"} | json | label_format x=y, z="{{.u}}{{ 1 }}" [1m]))',
      ['x', 'y', 'u'],
    ],
    [
      'sum by (x) (count_over_time({a="b"} | json | line_format `{{ printf "}}%s.z" .u }}{{ $.v }}` [1m]))',
      ['x', 'u', 'v'],
    ],
  ])('%s: %j', (query, names) => {
    expect(wantedBy(query)).toEqual(new Set(names))
  })

  it.each([
    'sum without (x) (count_over_time({a="b"} | json [1m]))',
    'sum by (x) (count_over_time({a="b"} | json | line_format "{{ . }}" [1m]))',
    'sum by (x) (count_over_time({a="b"} | json | line_format `{{ index $ "u" }}` [1m]))',
  ])('%s: all', (query) => {
    expect(wantedBy(query)).toBeUndefined()
  })

  const parsed = (
    stages: string,
    line: string,
    wanted: string[],
    stream: LabelRecord = {},
  ): LabelRecord | undefined => {
    const result = pipelineOf(stages, new Set(wanted))
      .forStream(labelsOf(stream))
      .process(never, line, undefined)
    return result && Object.fromEntries(result.parsed)
  }

  it('is all that parsers take out, and they stop when they have it', () => {
    expect(parsed('| json', '{"a":1,"b":{"c":2},"d":3}', ['b_c', 'd'])).toEqual({ b_c: '2', d: '3' })
    expect(parsed('| json', '{"a":1,"b":{"c":2}, broken', ['a', 'b_c'])).toEqual({ a: '1', b_c: '2' })
    expect(parsed('| logfmt --strict', 'a=1 b=2 c=d=e', ['b'])).toEqual({ b: '2' })
    expect(parsed('| pattern "<a> <b>"', 'x y', ['b'])).toEqual({ b: 'y' })
    expect(parsed('| regexp `(?P<a>x) (?P<b>y)`', 'x y', ['a'])).toEqual({ a: 'x' })
    expect(parsed('| json', '{"a":1}', ['a_extracted'], { a: 'x' })).toEqual({ a_extracted: '1' })
  })

  it('is nothing: then no parser looks at the line', () => {
    for (const stage of [
      'json',
      'json a="a"',
      'logfmt --strict',
      'unpack',
      'regexp `(?P<a>.)`',
      'pattern "<a>"',
    ])
      expect(parsed(`| ${stage}`, '= no', [])).toEqual({})
  })
})

describe('unwrap', () => {
  function unwrapped(query: string, line: string, keepsLabel = false): Unwrapped | undefined {
    const expr = parseExpr(`sum_over_time({a="b"} ${query} [1m])`)
    if (expr.kind !== 'range' || expr.unwrap === undefined) throw new Error('nothing is unwrapped')
    const result = pipelineOf('| logfmt')
      .forStream(labelsOf({ job: 'x' }))
      .process(never, line, labelsOf({ t: '5' }))
    return result && compileUnwrap(expr.unwrap, keepsLabel)(result)
  }
  const labels = (sample: Unwrapped | undefined): LabelRecord | undefined =>
    sample && Object.fromEntries(allLabels(sample.processed))

  it.each([
    ['| unwrap n', 'n=1.5', 1.5],
    ['| unwrap t', '', 5],
    ['| unwrap duration(n)', 'n=1m30s', 90],
    ['| unwrap duration_seconds(n)', 'n=250ms', 0.25],
    ['| unwrap bytes(n)', 'n=1.5KiB', 1536],
    ['| unwrap n | __error__="" | m > 1', 'n=1 m=2', 1],
  ])('%s of %j is %s', (query, line, value) => {
    expect(unwrapped(query, line)?.value).toBe(value)
  })

  it.each([
    ['| unwrap n', 'm=1'],
    ['| unwrap n | __error__=""', 'n=x'],
    ['| unwrap n | m > 1', 'n=1 m=1'],
  ])('%s of %j is no sample', (query, line) => {
    expect(unwrapped(query, line)).toBeUndefined()
  })

  it('takes the label away, unless it is grouped by', () => {
    expect(labels(unwrapped('| unwrap n', 'n=1 m=2'))).toEqual({ job: 'x', m: '2', t: '5' })
    expect(labels(unwrapped('| unwrap t', 'm=2'))).toEqual({ job: 'x', m: '2' })
    expect(labels(unwrapped('| unwrap job | __error__!=""', '', false))).toMatchObject({ job: 'x' })
    expect(labels(unwrapped('| unwrap n', 'n=1', true))).toEqual({ job: 'x', n: '1', t: '5' })
    expect(unwrapped('| unwrap n', 'n=1')?.processed.parsed).toBe(
      unwrapped('| unwrap t', '')?.processed.parsed,
    )
  })

  it.each([
    ['| unwrap n', 'strconv.ParseFloat: parsing "x": invalid syntax'],
    ['| unwrap duration(n)', 'time: invalid duration "x"'],
    ['| unwrap bytes(n)', 'strconv.ParseFloat: parsing "": invalid syntax'],
  ])('%s of what is no such value leaves it and marks the entry', (query, details) => {
    expect(labels(unwrapped(query, 'n=x'))).toEqual({
      __error__: 'SampleExtractionErr',
      __error_details__: details,
      job: 'x',
      n: 'x',
      t: '5',
    })
  })
})
