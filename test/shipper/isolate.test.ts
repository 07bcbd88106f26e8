import { describe, expect, test } from '@jest/globals'
import { type Stream } from '../../loki/encode.ts'
import { DEFAULT_LIMITS } from '../../loki/limits.ts'
import { createIsolation } from '../../shipper/isolate.ts'

const stream = (name: string, seconds: number, bytes = 1): Stream => ({
  labels: name,
  entries: [{ seconds, nanos: 0, line: Buffer.alloc(bytes) }],
})
const HOUR_S = 3_600

function isolation() {
  let nowMs = 0
  const { parts } = createIsolation(() => nowMs)
  return {
    parts: (...streams: Stream[]) =>
      parts(streams, DEFAULT_LIMITS).map((part) => part.map(({ labels }) => labels).join('+')),
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('a stream is pushed on its own', () => {
  test('the first time', () => {
    const { parts } = isolation()
    expect(parts(stream('x', 1), stream('y', 1))).toEqual(['x', 'y'])
    expect(parts(stream('x', 2), stream('y', 2))).toEqual(['x+y'])
    expect(parts(stream('x', 3), stream('z', 3), stream('y', 3))).toEqual(['x+y', 'z'])
  })

  test('when it is far behind its newest', () => {
    const { parts } = isolation()
    parts(stream('x', 9 * HOUR_S), stream('y', 1))
    expect(parts(stream('x', 8.6 * HOUR_S), stream('y', 1))).toEqual(['x+y'])
    expect(parts(stream('x', 8.4 * HOUR_S), stream('y', 1))).toEqual(['y', 'x'])
  })

  test('when it gets more than half of what a stream may', () => {
    const { parts, pass } = isolation()
    const megabytes = (count: number) => parts(stream('x', 1, count * 1_048_576), stream('y', 1))
    megabytes(1)
    expect(megabytes(6)).toEqual(['x+y'])
    expect(megabytes(1)).toEqual(['y', 'x'])
    pass(4_000)
    expect(megabytes(1)).toEqual(['x+y'])
  })

  test('another tenant’s is another stream', () => {
    const { parts } = isolation()
    parts(stream('x', 1), stream('y', 1))
    expect(parts({ ...stream('x', 1), tenant: 'acme' }, stream('y', 1))).toEqual(['y', 'x'])
  })
})
