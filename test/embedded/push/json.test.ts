import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeJsonPush, decodeOldJsonPush } from '../../../embedded/push/json.ts'
import { Refusal } from '../../../embedded/refusal.ts'

const decode = (content: unknown) => decodeJsonPush(Buffer.from(JSON.stringify(content)))
const withEntry = (...entry: unknown[]) => ({ streams: [{ stream: { a: 'b' }, values: [entry] }] })

describe('reading a push in JSON', () => {
  it('gives its streams', () => {
    expect(
      decode({
        streams: [
          { stream: { b: '1', a: 'x"y' }, values: [['1795093260000000007', 'é', { k: 'v', e: '' }]] },
        ],
      }),
    ).toEqual([
      {
        labels: '{b="1", a="x\\"y"}',
        entries: [
          { seconds: 1_795_093_260, nanos: 7, line: Buffer.from('é'), metadata: new Map([['k', 'v']]) },
        ],
      },
    ])
  })

  it('is a push or refused, whatever the JSON is', () => {
    const entry = fc.oneof(
      fc.jsonValue(),
      fc.tuple(fc.stringMatching(/^\d{0,20}$/), fc.string(), fc.jsonValue()),
    )
    const stream = fc.record({
      stream: fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.string())),
      values: fc.array(entry),
    })
    const body = fc.oneof(fc.jsonValue(), fc.record({ streams: fc.oneof(fc.jsonValue(), fc.array(stream)) }))
    fc.assert(
      fc.property(body, (content) => {
        for (const read of [decodeJsonPush, decodeOldJsonPush])
          try {
            read(Buffer.from(JSON.stringify(content)))
          } catch (error) {
            expect(error).toBeInstanceOf(Refusal)
          }
      }),
      { numRuns: 300 },
    )
  })

  it('takes nesting for what it is: wrong', () => {
    expect(() => decodeJsonPush(Buffer.from(`{"streams":${'['.repeat(1_000_000)}`))).toThrow(Refusal)
  })

  it.each([
    [withEntry('12.5', 'x'), 'streams.0.values.0.0'],
    [withEntry('-1', 'x'), 'streams.0.values.0.0'],
    [withEntry('9999999999999999999', 'x'), 'lies after 2262'],
    [withEntry(5, 'x'), 'the time is not a text'],
    [withEntry('5'), 'the line is not a text'],
    [withEntry('5', 'x', ['k', 'v']), 'structured metadata is an object of texts'],
    [{ streams: [{ stream: { a: 5 }, values: [] }] }, 'streams.0.stream.a'],
    [{}, 'streams'],
  ])('%j is refused', (content, message) => {
    expect(() => decode(content)).toThrow(message)
  })
})
