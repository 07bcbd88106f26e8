import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { engineEnv, logAt, startShipper, stopService, temporaryFolder, unique, vigie } from './harness.ts'
import { CREDENTIALS, type SecureKafka, startSecureKafka } from './second-kafka.ts'

describe('Kafka with SASL and TLS', () => {
  let kafka: SecureKafka
  beforeAll(async () => {
    kafka = await startSecureKafka()
  })
  afterAll(() => kafka.close())

  const file = () => {
    const path = join(temporaryFolder(), 'one.ndjson')
    writeFileSync(path, JSON.stringify(logAt(unique('secure'), 30)))
    return path
  }
  const ways = (): [string, Record<string, string>][] => [
    ['PLAIN', { KAFKA_BROKERS: kafka.sasl, KAFKA_SASL_MECHANISM: 'plain' }],
    ['SCRAM-SHA-256', { KAFKA_BROKERS: kafka.sasl, KAFKA_SASL_MECHANISM: 'scram-sha-256' }],
    [
      'SCRAM-SHA-512 over TLS',
      {
        KAFKA_BROKERS: kafka.tls,
        KAFKA_SASL_MECHANISM: 'scram-sha-512',
        KAFKA_SSL: 'true',
        KAFKA_SSL_CA: kafka.caFile,
      },
    ],
  ]

  test.each([0, 1, 2])('replays and ships with way %i', async (index) => {
    const topic = unique('secure')
    const [, way] = ways()[index] ?? ['', {}]
    const env = {
      ...engineEnv(),
      ...CREDENTIALS,
      ...way,
      KAFKA_TOPIC: topic,
      KAFKA_GROUP_ID: `${topic}-group`,
    }
    const shipper = await startShipper(env)
    const { code, stdout } = await vigie(['replay', file(), '--times', 'original', '--json'], env)
    expect(await stopService(shipper)).toMatchObject({ code: 0 })
    expect({ code, report: JSON.parse(stdout) }).toMatchObject({ code: 0, report: { sent: 1, stored: 1 } })
  })

  test.each([
    ['replay', ['replay']],
    ['ship', ['ship']],
  ])('a wrong password is told by vigie %s, without the password', async (_, args) => {
    const env = {
      ...engineEnv(),
      ...CREDENTIALS,
      KAFKA_BROKERS: kafka.sasl,
      KAFKA_SASL_MECHANISM: 'scram-sha-256',
      KAFKA_SASL_PASSWORD: 'not-the-password',
      METRICS_PORT: '0',
    }
    const { code, stderr } = await vigie(args[0] === 'replay' ? ['replay', file()] : args, env)
    expect(stderr).toMatch(/Kafka at .* refuses the credentials/)
    expect(stderr).not.toContain('not-the-password')
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(code).toBe(2)
  })

  test('a certificate that is not trusted is told', async () => {
    const env = {
      ...engineEnv(),
      ...CREDENTIALS,
      KAFKA_BROKERS: kafka.tls,
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SSL: 'true',
    }
    const { code, stderr } = await vigie(['replay', file()], env)
    expect(stderr).toMatch(/TLS connection to Kafka .* failed .*KAFKA_SSL_CA/)
    expect(code).toBe(2)
  })
})
