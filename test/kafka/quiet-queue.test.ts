import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { ORIGINALS } from '../../kafka/faster-kafkajs.ts'
import { type QueueConstructor, quietQueue } from '../../kafka/quiet-queue.ts'

type Request = { entry: { correlationId: number }; expectResponse: boolean; sendRequest: () => void }
type Queue = {
  push: (request: Request) => void
  fulfillRequest: (answer: object) => void
  destroy: () => void
}
type Made = new (options: object) => Queue
const Original = ORIGINALS.requestQueue as Made
const Quiet = quietQueue(Original as unknown as QueueConstructor) as unknown as Made

const queueOf = (Constructor: Made): Queue => {
  const quiet = { debug: () => undefined, warn: () => undefined, error: () => undefined }
  return new Constructor({
    ...{ maxInFlightRequests: 1, requestTimeout: 30_000, clientId: 'test', broker: 'here', logger: quiet },
    enforceRequestTimeout: false,
  })
}
const request = (correlationId: number, sent: number[]): Request => ({
  entry: { correlationId, resolve: () => undefined, reject: () => undefined } as Request['entry'],
  expectResponse: true,
  sendRequest: () => void sent.push(correlationId),
})
const answerTo = (correlationId: number) => ({ correlationId, payload: Buffer.alloc(0), size: 0 })

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

test.each([
  ['kafkajs’s queue never sleeps', Original, 1],
  ['this one sleeps while nothing waits', Quiet, 0],
])('%s', (_, Constructor, timers) => {
  const queue = queueOf(Constructor)
  const sent: number[] = []
  queue.push(request(1, sent))
  queue.fulfillRequest(answerTo(1))
  expect(sent).toEqual([1])
  jest.advanceTimersByTime(100)
  expect(jest.getTimerCount()).toBe(timers)
})

test('what waits for an answer to another is sent when that is there', () => {
  const queue = queueOf(Quiet)
  const sent: number[] = []
  queue.push(request(1, sent))
  queue.push(request(2, sent))
  expect(sent).toEqual([1])
  queue.fulfillRequest(answerTo(1))
  expect(sent).toEqual([1, 2])
  queue.fulfillRequest(answerTo(2))
  jest.advanceTimersByTime(100)
  expect(jest.getTimerCount()).toBe(0)
})
