import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  asMessages,
  countOf,
  createTopic,
  engineEnv,
  eventually,
  logAt,
  produce,
  settings,
  startShipper,
  stopService,
  temporaryFolder,
  unique,
  untilCounted,
  vigie,
} from './harness.ts'
import { CREDENTIALS, makeCertificate, type SecureKafka, startSecureKafka } from './second-kafka.ts'

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

describe('a Loki behind TLS whose certificate signs itself', () => {
  const { keystore, password, caFile } = makeCertificate(temporaryFolder())
  const server = createServer({ pfx: readFileSync(keystore), passphrase: password }, (incoming, outgoing) => {
    const { method = 'GET', headers, url = '' } = incoming
    const onward = request(
      new URL(url, settings.loki.LOKI_URL),
      { method, headers, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    incoming.pipe(onward)
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })
  const own = (topic: string) => ({
    ...engineEnv(),
    KAFKA_TOPIC: topic,
    KAFKA_GROUP_ID: `${topic}-group`,
    LOKI_URL: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })

  test('is shipped to and asked with LOKI_CA', async () => {
    const topic = unique('tls')
    const source = unique('tls')
    await createTopic(topic)
    await produce(topic, asMessages([logAt(source, 5), logAt(source, 4)]))
    const shipper = await startShipper({ ...own(topic), LOKI_CA: caFile })
    await untilCounted(source, 2)
    expect(await stopService(shipper)).toMatchObject({ code: 0 })
    expect(await countOf(source)).toBe(2)
  })

  test('is not trusted without it, and a LOKI_CA that is no file is told', async () => {
    const topic = unique('tls')
    await createTopic(topic)
    const shipper = await startShipper(own(topic))
    const body = await eventually('the reason', async () => {
      const answer = await fetch(`http://127.0.0.1:${shipper.port}/readyz`)
      return answer.status === 503 && (await answer.text())
    })
    expect(body).toMatch(/self.signed/)
    await stopService(shipper)
    const { code, stderr } = await vigie(['ship'], {
      ...own(topic),
      LOKI_CA: '/no/such/file',
      METRICS_PORT: '0',
    })
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('LOKI_CA') })
  })
})
