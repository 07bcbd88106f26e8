import { describe, expect, test } from '@jest/globals'
import { isFenced, kafkaError } from '../../kafka/errors.ts'
import { type VigieError, vigieError } from '../../service/errors.ts'

type Shape = { name?: string; type?: string; code?: string; cause?: unknown; originalError?: unknown }
/** An error as kafkajs throws them. */
const thrown = (message: string, shape: Shape): Error => Object.assign(new Error(message), shape)
const BROKERS = ['a:9092', 'b:9092']

const refused = thrown('Connection error: connect ECONNREFUSED 127.0.0.1:9092', {
  name: 'KafkaJSConnectionError',
  code: 'ECONNREFUSED',
})
const retried = (cause: Error): Error =>
  thrown(cause.message, { name: 'KafkaJSNumberOfRetriesExceeded', originalError: cause, cause })

describe('what kafkajs throws becomes ours', () => {
  test.each([
    ['KAFKA_UNREACHABLE', 'ECONNREFUSED', refused],
    ['KAFKA_UNREACHABLE', 'ECONNREFUSED', retried(refused)],
    [
      'KAFKA_UNREACHABLE',
      'timed out',
      thrown('Request Metadata timed out', { name: 'KafkaJSRequestTimeoutError' }),
    ],
    ['KAFKA_UNREACHABLE', 'not connected', thrown('not connected', { name: 'KafkaJSBrokerNotFound' })],
    [
      'KAFKA_AUTHENTICATION',
      'Authentication failed',
      thrown('Authentication failed', { name: 'KafkaJSSASLAuthenticationError' }),
    ],
    [
      'KAFKA_AUTHENTICATION',
      'bad password',
      retried(thrown('bad password', { name: 'KafkaJSProtocolError', type: 'SASL_AUTHENTICATION_FAILED' })),
    ],
    [
      'KAFKA_NOT_AUTHORISED',
      'Not authorized',
      thrown('Not authorized', { name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED' }),
    ],
    [
      'KAFKA_NOT_AUTHORISED',
      'Not authorized',
      retried(thrown('Not authorized', { type: 'CLUSTER_AUTHORIZATION_FAILED' })),
    ],
    [
      'KAFKA_TOPIC_MISSING',
      'logs',
      thrown('unknown', { name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION' }),
    ],
    [
      'KAFKA_TLS',
      'self-signed',
      thrown('Connection error: self-signed certificate', {
        name: 'KafkaJSConnectionError',
        code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      }),
    ],
    [
      'KAFKA_TLS',
      'wrong version',
      retried(
        thrown('wrong version number', {
          name: 'KafkaJSConnectionError',
          code: 'ERR_SSL_WRONG_VERSION_NUMBER',
        }),
      ),
    ],
    ['KAFKA_TLS', 'EPROTO', thrown('write EPROTO', { code: 'EPROTO' })],
    [
      'KAFKA_FAILED',
      'out of order',
      thrown('out of order', { name: 'KafkaJSProtocolError', type: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
    ],
  ])('%s (%s)', (code, part, error) => {
    const ours = kafkaError(error, BROKERS, 'logs') as VigieError
    expect(ours).toMatchObject({ name: 'VigieError', code, message: expect.stringContaining(part) })
    expect(ours.message).toContain('a:9092,b:9092')
    expect(ours.cause).toBe(error)
  })

  test('a missing topic that is not known by name: what Kafka says', () => {
    const error = thrown('does not host this topic-partition', {
      name: 'KafkaJSProtocolError',
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    })
    expect(kafkaError(error, BROKERS, 'logs')).toMatchObject({ code: 'KAFKA_TOPIC_MISSING' })
    expect(kafkaError(error, BROKERS)).toMatchObject({
      code: 'KAFKA_FAILED',
      message: expect.stringContaining('does not host this topic-partition'),
    })
  })

  test('the cause that says most wins, however deep it lies', () => {
    const inner = thrown('SASL PLAIN authentication failed', { name: 'KafkaJSSASLAuthenticationError' })
    const error = thrown('connection closed', { name: 'KafkaJSConnectionError', cause: retried(inner) })
    expect(kafkaError(error, BROKERS)).toMatchObject({
      code: 'KAFKA_AUTHENTICATION',
      message: expect.stringContaining('SASL PLAIN authentication failed'),
    })
  })

  test('a cause counts under either name that kafkajs has for it', () => {
    for (const name of ['cause', 'originalError'])
      expect(kafkaError(thrown('gave up', { [name]: refused }), BROKERS)).toMatchObject({
        code: 'KAFKA_UNREACHABLE',
      })
  })

  test('causes that go round in a circle come to an end', () => {
    const error = thrown('round', { name: 'KafkaJSError' })
    Object.assign(error, { cause: error })
    expect(kafkaError(error, BROKERS)).toMatchObject({ code: 'KAFKA_FAILED' })
  })

  test('a defect is never told as Kafka’s trouble: it stays what it is', () => {
    for (const defect of [new TypeError('x is not a function'), new Error('boom'), 'boom', undefined])
      expect(kafkaError(defect, BROKERS, 'logs')).toBe(defect)
  })
})

test('an error of ours stays as it is, also inside one of kafkajs', () => {
  const ours = vigieError('USAGE', { problem: 'x' })
  expect(kafkaError(ours, BROKERS)).toBe(ours)
  expect(kafkaError(retried(ours), BROKERS)).toBe(ours)
})

test('a producer was fenced when its epoch is old, however deep that lies', () => {
  const old = thrown('old epoch', { name: 'KafkaJSProtocolError', type: 'INVALID_PRODUCER_EPOCH' })
  expect(isFenced(old)).toBe(true)
  expect(isFenced(retried(old))).toBe(true)
  expect(isFenced(refused)).toBe(false)
  expect(isFenced(undefined)).toBe(false)
})
