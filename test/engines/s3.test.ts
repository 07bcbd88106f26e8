import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { s3Client } from '../../producer/s3.ts'
import { localS3Env } from '../../stack/s3.ts'
import { cuttingProxy } from './faulty-proxy.ts'
import {
  context,
  countOf,
  engineEnv,
  logAt,
  type RunningService,
  settings,
  startShipper,
  stopService,
  temporaryFolder,
  unique,
  vigie,
} from './harness.ts'

describe('reading from S3', () => {
  const bucket = unique('bucket')
  const topic = unique('s3')
  const env = () => ({ ...engineEnv(), KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group` })
  const client = s3Client(localS3Env(context))
  const put = (key: string, body: string | Uint8Array) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
  const logs = (source: string, count: number) =>
    Array.from({ length: count }, (_, index) => JSON.stringify(logAt(source, 5_000 + index)))
  let shipper: RunningService

  beforeAll(async () => {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    shipper = await startShipper(env())
  })
  afterAll(() => stopService(shipper))

  const replay = (uri: string, more: Record<string, string> = {}) =>
    vigie(['replay', uri, '--times', 'original', '--json'], { ...env(), ...more })

  test('a prefix is read object by object, gzipped or not', async () => {
    const source = unique('prefix')
    await put('2026/11/b.ndjson.gz', gzipSync(logs(source, 3).join('\n')))
    await put('2026/11/a.json', `[${logs(source, 2).join(',')}]`)
    await put('2026/12/other.json', `[${logs(source, 1).join(',')}]`)
    const { code, stdout } = await replay(`s3://${bucket}/2026/11/`)
    expect({ code, report: JSON.parse(stdout) }).toMatchObject({ code: 0, report: { read: 5, sent: 5 } })
    expect(await countOf(source)).toBe(5)
  })

  test('a dropped connection resumes where it was: every log once', async () => {
    const source = unique('dropped')
    await put('big.ndjson', logs(source, 8_000).join('\n'))
    const proxy = await cuttingProxy(settings.stack.VIGIE_S3_PORT, 300_000, 3)
    const { code, stdout } = await replay(`s3://${bucket}/big.ndjson`, { AWS_ENDPOINT_URL_S3: proxy.url })
    await proxy.close()
    expect(proxy.cutCount()).toBe(3)
    expect({ code, report: JSON.parse(stdout) }).toMatchObject({ code: 0, report: { sent: 8_000 } })
    expect(await countOf(source)).toBe(8_000)
  })

  test('an object that is replaced while it is read is an error that says so', async () => {
    await put('moving.ndjson', logs(unique('moving'), 8_000).join('\n'))
    let replaced: Promise<unknown> = Promise.resolve()
    const proxy = await cuttingProxy(settings.stack.VIGIE_S3_PORT, 300_000, 1, () => {
      replaced = put('moving.ndjson', logs(unique('moved'), 8_001).join('\n'))
    })
    const { code, stderr } = await replay(`s3://${bucket}/moving.ndjson`, { AWS_ENDPOINT_URL_S3: proxy.url })
    await replaced
    await proxy.close()
    expect(stderr).toMatch(/moving\.ndjson was replaced while it was being read/)
    expect(code).toBe(1)
  })

  test('a damaged gzip sends what comes before the damage and says so', async () => {
    const source = unique('damaged')
    const whole = gzipSync(logs(source, 20_000).join('\n'))
    whole.fill(0xaa, Math.floor(whole.length / 2), Math.floor(whole.length / 2) + 64)
    const file = join(temporaryFolder(), 'damaged.gz')
    writeFileSync(file, whole)
    const { code, stderr } = await replay(file)
    expect(stderr).toMatch(/is damaged: gunzip stopped after \d+ records/)
    expect(Number(/after (\d+) records/.exec(stderr)?.[1])).toBeGreaterThan(5_000)
    expect(code).toBe(1)
  })
})
