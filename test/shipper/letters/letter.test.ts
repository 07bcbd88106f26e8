import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type DecodedRecord } from '../../../kafka/decoded-record.ts'
import { HEADER, SETTLED_HEADER } from '../../../log/names.ts'
import {
  type Letter,
  letterOf,
  messageOf,
  settledIds,
  settledMessage,
} from '../../../shipper/letters/letter.ts'

const HEADERS = {
  [HEADER.reason]: 'bad_request',
  [HEADER.detail]: 'HTTP 400: too old',
  [HEADER.topic]: 'logs',
  [HEADER.partition]: '2',
  [HEADER.offset]: '41',
}
type Some = { value?: string | null; headers?: object; offset?: string; key?: Buffer; timestampMs?: number }
const record = ({ value = '{"source":"crm"}', ...rest }: Some = {}): DecodedRecord =>
  ({
    key: null,
    value: value === null ? null : Buffer.from(value),
    headers: HEADERS,
    offset: '7',
    timestampMs: 1_700_000_000_000,
    ...rest,
  }) as unknown as DecodedRecord
const letter = (some?: Some, partition = 0): Letter => {
  const read = letterOf(record(some), partition)
  if (read === undefined) throw new Error('no letter')
  return read
}

describe('a letter', () => {
  test('is read with where it came from and why; header values may be bytes, or several', () => {
    const headers = { ...HEADERS, [HEADER.topic]: Buffer.from('logs'), [HEADER.reason]: ['bad_request', 'x'] }
    expect(letter({ headers })).toMatchObject({
      reason: 'bad_request',
      detail: 'HTTP 400: too old',
      topic: 'logs',
      partition: '2',
      offset: '41',
      writtenMs: 1_700_000_000_000,
    })
  })

  test('of which only the beginning is here says so', () => {
    expect(letter().isCut).toBe(false)
    expect(letter({ headers: { ...HEADERS, [HEADER.cut]: '4800000' } }).isCut).toBe(true)
  })

  test('without headers is a letter of unknown reason and origin, told apart by its own place', () => {
    const bare = (offset: string, partition = 0) => letter({ headers: {}, offset }, partition)
    expect(bare('7')).toMatchObject({ reason: 'unknown', detail: '', topic: undefined })
    expect(bare('7').id).toBe(bare('7').id)
    expect(bare('7').id).not.toBe(bare('8').id)
    expect(bare('7').id).not.toBe(bare('7', 1).id)
  })

  test.each(['', 'two words', '\u001b[2J', 'x'.repeat(65)])(
    'a reason that is no word is unknown: %j',
    (reason) => {
      expect(letter({ headers: { ...HEADERS, [HEADER.reason]: reason } }).reason).toBe('unknown')
    },
  )

  test('is the same as its copy, wherever and whenever that was written, whatever Loki said', () => {
    const headers = { ...HEADERS, [HEADER.reason]: 'too_large', [HEADER.detail]: 'HTTP 413' }
    expect(letter({ headers, offset: '99', timestampMs: 1 }, 3).id).toBe(letter().id)
  })

  test.each([HEADER.topic, HEADER.partition, HEADER.offset])('is another one where %s differs', (name) => {
    expect(letter({ headers: { ...HEADERS, [name]: '1' } }).id).not.toBe(letter().id)
  })

  test('is another one when a topic that was made anew has other bytes at the same offset', () => {
    expect(letter({ value: '{"source":"erp"}' }).id).not.toBe(letter().id)
  })
})

describe('what is sent again', () => {
  const keyOf = (some: Some) => messageOf(letter(some)).key
  test('has the key that the letter kept', () => {
    expect(keyOf({ key: Buffer.from('own') })).toEqual(Buffer.from('own'))
  })
  test('or else the source that its line names, as vigie replay keys it', () => {
    expect(keyOf({})).toBe('crm')
  })
  test.each(['not json', 'null', '7', '{"source":7}', '{}'])('or none: %s', (value) => {
    expect(keyOf({ value })).toBeNull()
  })
  test('is the line, byte for byte, without our headers', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const value = Buffer.from(bytes)
        const read = letterOf(Object.assign(record(), { value }), 0)
        expect(read && messageOf(read)).toMatchObject({ value })
        expect(read && Object.keys(messageOf(read))).toEqual(['key', 'value'])
      }),
    )
  })
})

describe('a settlement', () => {
  const read = (message: ReturnType<typeof settledMessage>) => message as unknown as DecodedRecord

  test('says which letters, and is none itself', () => {
    const letters = ['1', '2', '3'].map((offset) =>
      letter({ headers: { ...HEADERS, [HEADER.offset]: offset } }),
    )
    const message = settledMessage(letters, 4)
    expect(message.partition).toBe(4)
    expect(settledIds(read(message))).toEqual(letters.map(({ id }) => id))
    expect(letterOf(read(message), 4)).toBeUndefined()
  })

  test('is not found in letters, in tombstones of others, or in what is cut off', () => {
    const headers = { [SETTLED_HEADER]: Buffer.alloc(19, 1) }
    expect(settledIds(record({ headers }))).toEqual([])
    expect(settledIds(record({ value: null, headers: {} }))).toEqual([])
    expect(settledIds(record({ value: null, headers: { [SETTLED_HEADER]: 'x' } }))).toEqual([])
    expect(settledIds(record({ value: null, headers }))).toHaveLength(2)
  })
})
