import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { kafkaSettings, securityOf, singleTopic, subscriptionOf } from '../../kafka/config.ts'
import { TOPIC } from '../../log/names.ts'
import { settingsFrom } from '../../service/settings.ts'

const settingsOf = (env: Record<string, string>) => settingsFrom(kafkaSettings, env)
const security = (env: Record<string, string>) => securityOf(settingsOf(env))

describe('KAFKA_BROKERS', () => {
  test.each([
    ['127.0.0.1:9092', ['127.0.0.1:9092']],
    ['kafka-1:9092,kafka-2.example.com:19092', ['kafka-1:9092', 'kafka-2.example.com:19092']],
    [' a:1 , b:2 ,', ['a:1', 'b:2']],
    ['[::1]:9092,[2001:db8::7]:9093', ['[::1]:9092', '[2001:db8::7]:9093']],
  ])('%j is a list of addresses', (text, brokers) => {
    expect(settingsOf({ KAFKA_BROKERS: text }).KAFKA_BROKERS).toEqual(brokers)
  })

  test.each([
    'kafka',
    'kafka:',
    ':9092',
    'kafka:port',
    'kafka:123456',
    '::1:9092',
    'http://kafka:9092',
    ' , ',
  ])('%j is refused', (text) => {
    expect(() => settingsOf({ KAFKA_BROKERS: text })).toThrow(/KAFKA_BROKERS.*host:port/)
  })

  test('one wrong address in a list is named', () => {
    expect(() => settingsOf({ KAFKA_BROKERS: 'a:1,b' })).toThrow(/KAFKA_BROKERS\.1/)
  })
})

describe('SASL', () => {
  const [user, password] = [{ KAFKA_SASL_USERNAME: 'bob' }, { KAFKA_SASL_PASSWORD: 'hunter2' }]

  test('is off unless configured', () => {
    expect(security({})).toEqual({ sasl: undefined, ssl: false })
    expect(
      security({ KAFKA_SASL_MECHANISM: '', KAFKA_SASL_USERNAME: '', KAFKA_SASL_PASSWORD: '' }).sasl,
    ).toBe(undefined)
  })

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'])('%s', (mechanism) => {
    expect(security({ KAFKA_SASL_MECHANISM: mechanism, ...user, ...password }).sasl).toEqual({
      ...{ mechanism, username: 'bob', password: 'hunter2' },
    })
  })

  test.each([
    ['a mechanism alone', { KAFKA_SASL_MECHANISM: 'plain' }],
    ['no password', { KAFKA_SASL_MECHANISM: 'plain', ...user }],
    ['no user name', { KAFKA_SASL_MECHANISM: 'plain', ...password }],
    ['an empty password', { KAFKA_SASL_MECHANISM: 'plain', ...user, KAFKA_SASL_PASSWORD: '' }],
    ['no mechanism', { ...user, ...password }],
    ['a password alone', password],
  ])('%s is half configured', (_, env) => {
    expect(() => security(env)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('KAFKA_SASL_MECHANISM'),
      }),
    )
    expect(() => security(env)).not.toThrow(/hunter2/)
  })

  test('another mechanism is refused, and the message lists those there are', () => {
    expect(() => settingsOf({ KAFKA_SASL_MECHANISM: 'gssapi' })).toThrow(/gssapi.*scram-sha-512/)
  })
})

describe('TLS', () => {
  test('on, with the system’s certificates', () => {
    expect(security({ KAFKA_SSL: 'true' }).ssl).toBe(true)
  })

  test('on, with a file of certificates', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigie-ca-'))
    try {
      writeFileSync(join(folder, 'ca.pem'), 'PEM')
      expect(security({ KAFKA_SSL: '1', KAFKA_SSL_CA: join(folder, 'ca.pem') }).ssl).toEqual({ ca: ['PEM'] })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test.each([
    ['certificates without TLS', { KAFKA_SSL_CA: '/ca.pem' }, 'KAFKA_SSL=true'],
    ['certificates that are not there', { KAFKA_SSL: 'true', KAFKA_SSL_CA: '/nowhere/ca.pem' }, 'ENOENT'],
  ])('%s', (_, env, part) => {
    expect(() => security(env)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(part) }),
    )
    expect(() => security(env)).toThrow(/KAFKA_SSL_CA/)
  })
})

describe('the topics of logs', () => {
  const topics = (KAFKA_TOPIC: string) => subscriptionOf({ KAFKA_TOPIC })

  test('by name: one, or several', () => {
    expect(topics('logs')).toEqual({ names: ['logs'] })
    expect(topics('logs-a, logs-b')).toEqual({ names: ['logs-a', 'logs-b'] })
  })

  test('by a pattern of the whole name, which Vigie’s own topics without logs do not fit', () => {
    const { names, fits } = topics('/ingestion.*/')
    const all = [
      TOPIC.logs,
      'ingestion-crm',
      'my-ingestion',
      TOPIC.incidents,
      TOPIC.rejected,
      TOPIC.deadLetters,
    ]
    expect([names, all.filter((name) => fits?.(name))]).toEqual([[], [TOPIC.logs, 'ingestion-crm']])
  })

  test('one, for what writes', () => {
    expect(singleTopic({ KAFKA_TOPIC: 'logs' })).toBe('logs')
    for (const several of ['a,b', '/a.*/'])
      expect(() => singleTopic({ KAFKA_TOPIC: several })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(several) }),
      )
  })
})
