import { describe, expect, test } from '@jest/globals'
import { withAliases } from '../../log/aliases.ts'
import { normaliser, type Timed } from '../../log/normalise.ts'

const normalise = normaliser(withAliases())
const END = '2026-01-15T12:00:00.000Z'
const base = { fin: END, duree: 2, etat: 'SUCCESS', source: 'crm', entreprise: 'acme', zone: 'eu' }
const of = (value: unknown) =>
  normalise(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
const lineOf = (value: unknown) => (of(value) as Timed).line
const without = (...fields: string[]) =>
  Object.fromEntries(Object.entries(base).filter(([field]) => !fields.includes(field)))

describe('null counts as absent', () => {
  test.each([[{ fin: null, end: END }], [{ end: null, end_time: END }], [{ end_time: END, end: null }]])(
    '%j',
    (times) => {
      expect(lineOf({ ...without('fin'), ...times }).fin).toBe(END)
    },
  )

  test('but an unknown field that is null is kept', () => {
    expect(lineOf({ ...base, note: null })).toHaveProperty('note', null)
  })
})

describe('which alias wins does not depend on the order of the keys', () => {
  const other = '2026-01-15T13:00:00.000Z'
  test.each([[{ end: END, end_time: other }], [{ end_time: other, end: END }]])('%j', (times) => {
    const line = lineOf({ ...without('fin'), ...times })
    expect(line).toMatchObject({ fin: END, end_time: other })
    expect(line).not.toHaveProperty('end')
  })
})

describe('keys and words that JavaScript knows', () => {
  test.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    'the unknown field %s is kept',
    (key) => {
      expect(Object.getOwnPropertyDescriptor(lineOf({ ...base, [key]: 'mine' }), key)?.value).toBe('mine')
    },
  )

  test('a prototype supplies no field', () => {
    const text = JSON.stringify(without('etat')).replace('{', '{"__proto__": {"etat": "SUCCESS"},')
    expect(of(text)).toMatchObject({ rejection: { reason: 'missing_field' } })
  })

  test.each(['constructor', '__proto__'])('the state %s is unknown, and shown as written', (etat) => {
    expect(of({ ...base, etat })).toEqual({
      rejection: { reason: 'unknown_state', detail: `\`etat\` is "${etat}"` },
    })
  })
})

test('a detail cannot steer a terminal', () => {
  for (const record of ['{"a":\u001b[31m', JSON.stringify({ ...base, etat: '\u009b31m\u202e' })]) {
    const result = of(record)
    expect('rejection' in result && /[\p{Cc}\p{Cf}]/u.test(result.rejection.detail)).toBe(false)
    expect(result).toHaveProperty('rejection')
  }
})

test('a computed start is held to the same bounds as a written one', () => {
  expect(of({ ...base, fin: '2000-01-01T00:00:00Z', duree: 3600 })).toMatchObject({
    rejection: { reason: 'bad_time' },
  })
})
