import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  countOf,
  engineEnv,
  linesOf,
  logAt,
  type RunningService,
  readTopic,
  startShipper,
  stopService,
  temporaryFolder,
  unique,
  vigie,
} from './harness.ts'

const write = (name: string, content: string | Uint8Array): string => {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, content)
  return file
}

describe('vigie replay', () => {
  const topic = unique('replay')
  const env = () => ({ ...engineEnv(), KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group` })
  let shipper: RunningService

  beforeAll(async () => {
    shipper = await startShipper(env())
  })
  afterAll(() => stopService(shipper))

  test('writes the Kafka value, byte for byte, as the Loki line', async () => {
    const source = unique('bytes')
    const log = {
      ...logAt(source, 600),
      description: 'échec — "quoted" \\ tab\t and 漢字',
      extra: { kept: [1, 'x'] },
    }
    const { code } = await vigie(
      ['replay', write('one.ndjson', `${JSON.stringify(log)}\n`), '--times', 'original'],
      env(),
    )
    expect(code).toBe(0)
    const [stored] = await linesOf(`{job="kafka-logs", source="${source}"}`)
    const [sent] = (await readTopic(topic)).filter(({ value }) => value.includes(source))
    expect(stored?.line).toBe(sent?.value)
    expect(JSON.parse(stored?.line ?? '')).toEqual(log)
    expect(stored?.labels).toMatchObject({
      job: 'kafka-logs',
      etat: 'SUCCESS',
      source,
      entreprise: 'acme',
      zone: 'eu-west',
    })
    expect((stored?.timestampNs ?? 0n) / 1_000_000n).toBe(BigInt(Date.parse(log.fin)))
  })

  test('reads gzipped NDJSON with the user’s own spellings', async () => {
    const source = unique('alias')
    const config = write(
      'vigie.yaml',
      'aliases:\n  duree: [{ name: temps_ms, unit: ms }]\n  source: [nom]\nstates:\n  reussi: SUCCESS\n',
    )
    const lines = [0, 1, 2].map((minute) =>
      JSON.stringify({
        // Apart from the logs of the other tests, which the report would count, too.
        end: new Date(Date.now() - 20 * 86_400_000 - minute * 60_000).toISOString(),
        temps_ms: 1500,
        nom: source,
        status: 'REUSSI',
        company: 'acme',
        region: 'eu',
      }),
    )
    const file = write('logs.bin', gzipSync(`${lines.join('\r\n')}`))
    const { code, stdout } = await vigie(['replay', file, '--times', 'original', '--json'], {
      ...env(),
      VIGIE_CONFIG: config,
    })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      read: 3,
      sent: 3,
      stored: 3,
      successes: 3,
      p95DurationSeconds: 1.5,
    })
    expect(await countOf(source)).toBe(3)
  })

  test('sets bad records aside with the reason, loses no good one, and exits 3', async () => {
    const source = unique('bad')
    const good = (minute: number) => JSON.stringify(logAt(source, 7200 + minute * 60))
    const bad: [string, string | Buffer][] = [
      ['not_json', '{"etat": "SUCCESS", oops}'],
      ['not_an_object', '42'],
      ['duplicate_key', `${good(50).slice(0, -1)},"zone":"other"}`],
      ['wrong_type', good(51).replace('"duree":2', '"duree":"long"')],
      ['bad_duration', good(52).replace('"duree":2', '"duree":-2')],
      ['unknown_state', good(53).replace('SUCCESS', 'MAYBE')],
      ['missing_field', '{"etat":"FAILED"}'],
      ['bad_time', good(54).replace(/"fin":"[^"]+"/, '"fin":"yesterday"')],
      ['end_before_start', good(55).replace(/"fin":"[^"]+"/, '"fin":"2020-01-01T00:00:00Z"')],
      ['invalid_utf8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
      ['too_large', good(56).replace('"zone"', `"blob":"${'x'.repeat(10_000_000)}","zone"`)],
    ]
    const parts = bad.flatMap(([, record], index) => [
      Buffer.from(`${good(index)}\n`),
      Buffer.from(record),
      Buffer.from('\n'),
    ])
    const file = write('mixed.ndjson', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), ...parts]))
    const { code, stdout, stderr } = await vigie(['replay', file, '--times', 'original', '--json'], env())
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      read: bad.length * 2,
      sent: bad.length,
      rejected: bad.length,
      rejectedBy: Object.fromEntries(bad.map(([reason]) => [reason, 1])),
    })
    expect(stderr).toContain('unknown_state')
    expect(await countOf(source)).toBe(bad.length)
    const rejected = (await readTopic('ingestion-logs-rejected')).filter(
      ({ headers }) => headers['vigie-uri'] === file,
    )
    expect(rejected.map(({ headers }) => headers['vigie-reason']).sort()).toEqual(
      bad.map(([reason]) => reason).sort(),
    )
    expect(rejected.find(({ headers }) => headers['vigie-reason'] === 'not_json')).toMatchObject({
      value: '{"etat": "SUCCESS", oops}',
      headers: { 'vigie-record': '2' },
    })
  })

  test('--strict stops at the first bad record and says which', async () => {
    const source = unique('strict')
    const file = write(
      'strict.json',
      `[${JSON.stringify(logAt(source, 9000))},{"a":1},${JSON.stringify(logAt(source, 8000))}]`,
    )
    const { code, stderr } = await vigie(['replay', file, '--strict', '--times', 'original'], env())
    expect(code).toBe(1)
    expect(stderr).toMatch(/Record 2 of .*strict\.json lacks a required field/)
  })

  test('a truncated array loses nothing valid', async () => {
    const source = unique('cut')
    const whole = JSON.stringify([logAt(source, 500), logAt(source, 400), logAt(source, 300)])
    const { code, stdout } = await vigie(['replay', write('cut.json', whole.slice(0, -30)), '--json'], env())
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({ sent: 2, rejectedBy: { truncated: 1 } })
    expect(await countOf(source)).toBe(2)
  })

  test.each([
    ['empty.json', '', /holds no logs/],
    ['list.json', '[]', /holds no logs/],
    ['object.json', '{"logs": [{"etat": "SUCCESS"}]}', /holds one JSON object, not logs/],
    ['pretty.json', '{\n  "logs": []\n}', /holds one JSON object, not logs/],
    ['utf16.json', Buffer.from('\ufeff[]', 'utf16le'), /UTF-16LE.*iconv/],
  ])('%s is an error of one sentence', async (name, content, sentence) => {
    const { code, stderr } = await vigie(['replay', write(name, content)], env())
    expect(code).toBe(1)
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test('--rate caps how fast logs are sent', async () => {
    const source = unique('rate')
    const logs = Array.from({ length: 60 }, (_, index) => JSON.stringify(logAt(source, 100 + index)))
    const { code, stdout } = await vigie(
      ['replay', write('r.ndjson', logs.join('\n')), '--rate', '40', '--times', 'now', '--json'],
      env(),
    )
    expect(code).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ sent: 60 })
    expect(await countOf(source)).toBe(60)
    expect(Date.parse(report.windowEnd) - Date.parse(report.windowStart)).toBeGreaterThanOrEqual(1_400)
  })
})
