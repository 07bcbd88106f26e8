import { describe, expect, test } from '@jest/globals'
import { recordOf } from '../../kafka/decoded-record.ts'

const parts = {
  key: Buffer.from('crm'),
  value: Buffer.from('{"run":1}'),
  headers: { trace: Buffer.from('abc') },
  offset: 41,
  timestampMs: 1_700_000_000_123,
}

describe('a record', () => {
  test('is told as texts and as numbers', () => {
    const record = recordOf(parts)
    expect([record.offset, record.offsetNumber]).toEqual(['41', 41])
    expect([record.timestamp, record.timestampMs]).toEqual(['1700000000123', 1_700_000_000_123])
    expect([String(record.key), String(record.value)]).toEqual(['crm', '{"run":1}'])
    expect(record.headers).toBe(parts.headers)
  })

  test('lies in its batch as an ArrayBufferView does', () => {
    const record = recordOf(parts)
    const start = record.byteOffset - record.bytes.byteOffset
    expect(record.valueStart).toBe(start)
    expect(record.bytes.toString('utf8', start, start + record.byteLength)).toBe('{"run":1}')
    expect(Buffer.from(record.buffer, record.byteOffset, record.byteLength)).toEqual(parts.value)
  })

  test('without a key has none, and one without a value is a tombstone of no bytes', () => {
    const bare = recordOf({ value: Buffer.alloc(0) })
    expect([bare.key, bare.value, bare.isTombstone]).toEqual([null, Buffer.alloc(0), false])
    const tombstone = recordOf({ key: Buffer.from('k'), value: null })
    expect([tombstone.value, tombstone.isTombstone, tombstone.byteLength]).toEqual([null, true, 0])
  })
})
