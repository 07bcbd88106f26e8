import { describe, expect, test } from '@jest/globals'
import { type Stream } from '../../../loki/encode.ts'
import { DEFAULT_LIMITS } from '../../../loki/limits.ts'
import { createIsolation } from '../../../shipper/push/isolate.ts'

const stream = (name: string, seconds: number, bytes = 1): Stream => ({
  labels: name,
  entries: [{ seconds, nanos: 0, line: Buffer.alloc(bytes) }],
})
const HOUR_S = 3_600
const NOW_S = 20_000 * HOUR_S

function isolation(limits = DEFAULT_LIMITS) {
  let nowMs = NOW_S * 1_000
  const { parts } = createIsolation(() => nowMs)
  return {
    parts: (...streams: Stream[]) =>
      parts(streams, limits).map((part) => part.map(({ labels }) => labels).join('+')),
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('a stream is pushed on its own', () => {
  test('when it is new, and old enough that Loki may have newer entries of it', () => {
    const { parts } = isolation()
    expect(parts(stream('x', NOW_S), stream('y', NOW_S - 600))).toEqual(['x+y'])
    expect(parts(stream('x', NOW_S), stream('z', NOW_S - HOUR_S))).toEqual(['x', 'z'])
    expect(parts(stream('x', NOW_S), stream('z', NOW_S - HOUR_S))).toEqual(['x+z'])
  })

  test('when it is new, and may be one too many', () => {
    const { parts } = isolation({ ...DEFAULT_LIMITS, maxStreams: 4 })
    expect(parts(stream('a', NOW_S), stream('b', NOW_S))).toEqual(['a+b'])
    expect(parts(stream('a', NOW_S), stream('c', NOW_S), stream('b', NOW_S))).toEqual(['a+b', 'c'])
    expect(parts(stream('a', NOW_S), stream('c', NOW_S))).toEqual(['a+c'])
  })

  test('when it is far behind its newest', () => {
    const { parts } = isolation()
    parts(stream('x', NOW_S), stream('y', NOW_S))
    expect(parts(stream('x', NOW_S - 0.4 * HOUR_S), stream('y', NOW_S))).toEqual(['x+y'])
    expect(parts(stream('x', NOW_S - 0.6 * HOUR_S), stream('y', NOW_S))).toEqual(['y', 'x'])
  })

  test('when it gets more than half of what a stream may', () => {
    const { parts, pass } = isolation()
    const megabytes = (count: number) => parts(stream('x', NOW_S, count * 1_048_576), stream('y', NOW_S))
    megabytes(1)
    expect(megabytes(6)).toEqual(['x+y'])
    expect(megabytes(1)).toEqual(['y', 'x'])
    pass(4_000)
    expect(megabytes(1)).toEqual(['x+y'])
  })

  test('another tenant’s is another stream', () => {
    const { parts } = isolation()
    const old = (name: string) => stream(name, NOW_S - HOUR_S)
    parts(old('x'), old('y'))
    expect(parts({ ...old('x'), tenant: 'acme' }, old('y'))).toEqual(['y', 'x'])
  })
})
