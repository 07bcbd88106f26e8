import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createOrder } from '../../../shipper/batch/order.ts'

const at = (partition: number, headSeconds: number | undefined, topic = 'logs') => ({
  ...{ topic, partition, headSeconds, acknowledged: 0, lag: 1, waitsItsTurn: false },
  ...{ oldestWaitingMs: undefined, oldestUncommittedMs: undefined },
})
const place = (partition: number) => ({ topic: 'logs', partition })
const streams = (...names: string[]) => names.map((name) => ({ labels: `{a="${name}"}`, entries: [] }))

/** Partitions 0 and 1 push to the same stream. */
function sharing(...statuses: ReturnType<typeof at>[]) {
  const order = createOrder(() => statuses)
  order.note(place(0), streams('x', 'y'))
  order.note(place(1), streams('y'))
  return order
}

describe('a partition', () => {
  test('waits for one that lags by more than the window, if they share a stream', () => {
    const order = sharing(at(0, 5_000), at(1, 1_000))
    expect(order.mayGo(place(0), 5_000, 1_800)).toBe(false)
    expect(order.mayGo(place(0), 2_800, 1_800)).toBe(true)
    expect(order.mayGo(place(1), 1_000, 1_800)).toBe(true)
  })

  test('waits for none that has nothing to push, and not for other topics', () => {
    expect(sharing(at(0, 5_000), at(1, undefined)).mayGo(place(0), 5_000, 1)).toBe(true)
    expect(sharing(at(0, 5_000), at(1, 0, 'other')).mayGo(place(0), 5_000, 1)).toBe(true)
  })

  test('waits for none when each has streams of its own', () => {
    const order = createOrder(() => [at(0, 5_000), at(1, 0)])
    order.note(place(0), streams('x'))
    order.note(place(1), streams('y'))
    order.note(place(0), streams('x'))
    expect(order.mayGo(place(0), 5_000, 1)).toBe(true)
  })

  test('shares no stream with one of the same labels and another tenant', () => {
    const order = createOrder(() => [at(0, 5_000), at(1, 0)])
    const ofTenant = (tenant: string) => streams('x').map((stream) => ({ ...stream, tenant }))
    order.note(place(0), ofTenant('acme'))
    order.note(place(1), ofTenant('globex'))
    order.note(place(2), streams('x'))
    expect(order.isShared('logs')).toBe(false)
    expect(order.mayGo(place(0), 5_000, 1)).toBe(true)
    order.note(place(1), ofTenant('acme'))
    expect(order.isShared('logs')).toBe(true)
    expect(order.mayGo(place(0), 5_000, 1)).toBe(false)
  })
})

test('wherever they are, one of them may go', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { minLength: 2, maxLength: 9 }), fc.nat(100), (heads, window) => {
      const order = sharing(...heads.map((head, partition) => at(partition, head)))
      expect(heads.some((head, partition) => order.mayGo(place(partition), head, window))).toBe(true)
    }),
  )
})
