import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { serialise } from '../../../log/normalise.ts'
import { sampleLogs } from '../../../producer/sample.ts'
import { fieldScanner } from '../../../shipper/project/scan.ts'

const FIELDS = ['etat', 'source', 'fin'] as const
/** The fields' texts by the scanner; undefined when it leaves the record to JSON.parse. */
function scanned(record: Buffer): string[] | undefined {
  const { scan, spans } = fieldScanner(FIELDS)
  if (!scan(record, 0, record.length)) return undefined
  return FIELDS.map((_, field) => record.toString('utf8', spans.starts[field], spans.ends[field]))
}
/** The same by JSON.parse; an absent field is an empty text. */
const parsed = (record: Buffer): unknown[] => {
  const object = JSON.parse(record.toString('utf8')) as Record<string, unknown>
  return FIELDS.map((field) => object[field] ?? '')
}

/** Pieces that records are made of, whole and broken. */
const piece = fc.oneof(
  fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    ' ',
    '\n',
    '\t',
    '{"',
    '":"',
    '","',
    '"}',
    '":',
    ',"',
  ),
  fc.constantFrom(
    '"etat"',
    '"source"',
    '"fin"',
    '"f\\u0069n"',
    '"Etat"',
    '"__proto__"',
    '"constructor"',
    '""',
  ),
  fc.constantFrom(
    '"SUCCESS"',
    '"é"',
    '"a\\"b"',
    '"\\u00e9"',
    '"\\u00"',
    '"\\x"',
    '"\u0001"',
    '"\u2028"',
    '\ufeff',
  ),
  fc.constantFrom('0', '-0', '01', '1.', '.5', '1.5', '1e3', '1E+3', '1e', '-', '+1', '12', '1.5e-7', 'NaN'),
  fc.constantFrom('true', 'false', 'null', 'tru', 'nul', 'True', '{}', '[]', '{"etat":"x"}', '[1]'),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const broken = fc.array(piece, { maxLength: 12, size: 'max' }).map((pieces) => Buffer.from(pieces.join('')))
const name = fc.oneof(fc.constantFrom('"etat"', '"source"', '"fin"', '"cpu"', '"etatX"', '"eta"'), piece)
const almostWhole = fc
  .array(fc.tuple(name, piece), { maxLength: 5 })
  .map((pairs) => Buffer.from(`{${pairs.map((pair) => pair.join(':')).join()}}`))
const damaged = fc
  .tuple(fc.nat(), fc.nat({ max: 255 }), fc.integer({ min: 0, max: 3 }))
  .map(([place, byte, cut]) => {
    const record = Buffer.from(
      serialise([...sampleLogs({ count: 1, seed: 1, newestMs: 1.7e12 })][0] as never),
    )
    record[place % record.length] = byte
    return record.subarray(0, record.length - cut)
  })
const bytes = fc.uint8Array({ maxLength: 20, size: 'max' }).map((array) => Buffer.from(array))

describe('fieldScanner', () => {
  test.each([
    ['broken JSON', broken],
    ['objects', almostWhole],
    ['damaged logs', damaged],
    ['bytes', bytes],
  ])('says of %s what JSON.parse says, or nothing', (_, records) => {
    fc.assert(
      fc.property(records, (record) => {
        const texts = scanned(record)
        if (texts !== undefined) expect(texts).toEqual(parsed(record))
      }),
      { numRuns: 3_000 },
    )
  })

  test('reads each log that `vigie replay` writes', () => {
    for (const log of sampleLogs({ count: 2_000, seed: 7, newestMs: 1.7e12 })) {
      const record = Buffer.from(serialise(log))
      expect(scanned(record)).toEqual(parsed(record))
    }
  })

  test.each([
    '{}',
    '{"etat":"SUCCESS","source":"é","fin":""}',
    '{"etat":"a","etat":"b"}',
    '{"x":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9","a":-1.5e+3,"b":0,"c":true,"d":false,"e":null,"etat":"x"}',
  ])('reads %s without JSON.parse', (text) => {
    expect(scanned(Buffer.from(text))).toEqual(parsed(Buffer.from(text)))
  })

  test.each([
    ['an object in it', '{"a":{}}'],
    ['a list in it', '{"a":[1]}'],
    ['white space', '{"a": 1}'],
    ['an escape in a name', '{"f\\u0069n":"x"}'],
    ['an escape in a field', '{"fin":"\\n"}'],
    ['a field that is no text', '{"fin":1}'],
    ['no object', '[]'],
    ['nothing', ''],
    ['an open text', '{"a":"}'],
    ['a byte behind', '{"a":1}x'],
  ])('leaves a record with %s to JSON.parse', (_, text) => {
    expect(scanned(Buffer.from(text))).toBeUndefined()
  })

  test('reads a record from the middle of a buffer, and forgets the one before', () => {
    const { scan, spans } = fieldScanner(['a', 'b'])
    const both = Buffer.from('{"a":"1","b":"2"}{"b":"3"}')
    expect(scan(both, 0, 17)).toBe(true)
    expect(scan(both, 17, 26)).toBe(true)
    expect([...spans.starts]).toEqual([0, 23])
    expect([...spans.ends]).toEqual([0, 24])
  })

  test.each([
    ['broken JSON', broken],
    ['objects', almostWhole],
    ['damaged logs', damaged],
  ])('says the same of %s between others’ bytes', (_, records) => {
    fc.assert(
      fc.property(records, broken, broken, (record, before, behind) => {
        const { scan, spans } = fieldScanner(FIELDS)
        const [start, end] = [before.length, before.length + record.length]
        const all = Buffer.concat([before, record, behind])
        const texts = scan(all, start, end)
          ? FIELDS.map((_, field) => all.toString('utf8', spans.starts[field], spans.ends[field]))
          : undefined
        expect(texts).toEqual(scanned(record))
      }),
      { numRuns: 3_000 },
    )
  })
})
