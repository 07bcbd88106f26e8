import { describe, expect, test } from '@jest/globals'
import { destinations } from '../../../shipper/project/destination.ts'

describe('where a record goes', () => {
  test('is the stream of its labels; a field without a usable value is none', () => {
    const of = destinations('j', ['a', 'b'])
    expect(of({ a: 'x', b: 7 })).toEqual({ labels: '{job="j", a="x", b="7"}' })
    expect(of({ a: '', b: null, c: 'z' })).toEqual({ labels: '{job="j"}' })
    expect(of({ a: 'x",b="y' })).toEqual({ labels: '{job="j", a="x\\",b=\\"y"}' })
  })

  test('is told with ? for what Loki refuses in a label: what broken encodings leave', () => {
    const of = destinations('j', ['a', 'b'])
    expect(of({ a: 'Soci\ufffdt\ufffd', b: '\ud800x🦊' })).toEqual({
      labels: '{job="j", a="Soci?t?", b="?x🦊"}',
    })
  })

  test('is its tenant’s Loki, when it names one', () => {
    const of = destinations('j', ['a'], { tenantField: 'entreprise' })
    expect(of({ a: 'x', entreprise: 'acme' })).toEqual({ labels: '{job="j", a="x"}', tenant: 'acme' })
    expect(of({ a: 'x', entreprise: 'globex' })).toMatchObject({ tenant: 'globex' })
    expect(of({ a: 'x' })).toEqual({ labels: '{job="j", a="x"}' })
  })
})

describe('a label with too many values', () => {
  test('keeps those it has; new ones become metadata, each label for itself', () => {
    const demoted: [string, boolean][] = []
    const of = destinations('j', ['a', 'b'], {
      maxLabelValues: 2,
      onDemoted: (label, isFirst) => void demoted.push([label, isFirst]),
    })
    for (const a of ['1', '2']) of({ a, b: 'same' })
    expect(of({ a: '3', b: 'same' })).toEqual({ labels: '{job="j", b="same"}', metadata: [['a', '3']] })
    expect(of({ a: '4', b: 'other' })).toEqual({ labels: '{job="j", b="other"}', metadata: [['a', '4']] })
    expect(of({ a: '1', b: 'other' })).toEqual({ labels: '{job="j", a="1", b="other"}' })
    of({ a: '3', b: 'same' })
    expect(demoted).toEqual([
      ['a', true],
      ['a', false],
    ])
  })
})
