import { describe, expect, it } from '@jest/globals'
import { LogqlError } from '../../../logql/error.ts'
import { compilePipeline } from '../../../logql/stages/pipeline.ts'
import { labelsAfter, lineAfter, pipelineOf, processed } from './processing.ts'

describe('line_format', () => {
  it('makes the line of a template over all labels', () => {
    expect(lineAfter('| logfmt | line_format "{{.job}} {{.a}}{{.nope}}"', 'a=1', { job: 'x' })).toBe('x 1')
  })

  it('gives what follows the new line', () => {
    expect(labelsAfter('| line_format "b=2" | logfmt', 'a=1')).toEqual({ b: '2' })
    expect(labelsAfter('| line_format "b=2" |= "a"', 'a=1')).toBeUndefined()
  })

  it('leaves the line where the template fails, and marks the entry', () => {
    expect(lineAfter('| line_format `{{ substr 0 "x" .a }}`', 'a=1')).toBe('a=1')
    expect(labelsAfter('| line_format `{{ substr 0 "x" .a }}`', 'a=1')).toMatchObject({
      __error__: 'TemplateFormatErr',
    })
  })

  it('refuses a template that is none', () => {
    expect(() => pipelineOf('| line_format "{{ .a "')).toThrow(LogqlError)
  })
})

describe('label_format', () => {
  it.each([
    ['b=a', { b: '1', job: 'x', t: 'm' }],
    ['b=nope', { a: '1', job: 'x', t: 'm' }],
    ['b="<{{.a}}>"', { a: '1', b: '<1>', job: 'x', t: 'm' }],
    ['job="{{.a}}"', { a: '1', job: '1', t: 'm' }],
    ['t="{{.a}}"', { a: '1', job: 'x', t: '1' }],
    ['j=job, s=t', { a: '1', j: 'x', s: 'm' }],
    ['a=job', { a: 'x', t: 'm' }],
    // A label that is renamed to itself is gone.
    ['a=a', { job: 'x', t: 'm' }],
    ['job=job', { a: '1', t: 'm' }],
    ['b="{{.a}}", c="{{.b}}!", d=a', { b: '1', c: '!', d: '1', job: 'x', t: 'm' }],
    ['b=a, c="{{.b}}"', { b: '1', c: '1', job: 'x', t: 'm' }],
  ])('%s', (formats, labels) => {
    expect(labelsAfter(`| logfmt | label_format ${formats}`, 'a=1', { job: 'x' }, { t: 'm' })).toEqual(labels)
  })

  it('leaves a renamed label among those where it was, and a made one among the parsed', () => {
    const result = processed('| label_format j=job, s=t, t="x"', '', { job: 'x' }, { t: 'm' })
    expect([result?.stream, result?.metadata, result?.parsed]).toEqual([
      new Map([['j', 'x']]),
      new Map([['s', 'm']]),
      new Map([['t', 'x']]),
    ])
  })

  it('does not rename what is wrong with an entry', () => {
    const labels = { __error__: 'JSONParserErr', __error_details__: expect.any(String) }
    expect(labelsAfter('| json | label_format x=__error__, y=__error_details__', 'x')).toEqual(labels)
  })

  it('refuses two formats for one label, and one for an error', () => {
    expect(() => pipelineOf('| label_format a="x", a=b')).toThrow(/multiple label name 'a'/)
    const formats = [{ label: '__error__', from: { template: '' } }]
    expect(() => compilePipeline([{ kind: 'label_format', formats }])).toThrow(LogqlError)
  })
})
