import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { type LogLine } from '../../log/line.ts'
import { type LokiSettings } from '../../loki/config.ts'
import { nanoseconds, queryInstant, queryLines } from '../../loki/query.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { localLoki } from '../../stack/which-loki.ts'
import { ownStackEnv, settings, vigie } from './harness.ts'

/** Prometheus's definition, which Loki follows: linear between the two nearest ranks. */
function quantile(ratio: number, values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = ratio * (sorted.length - 1)
  const below = sorted[Math.floor(rank)] ?? Number.NaN
  const above = sorted[Math.ceil(rank)] ?? Number.NaN
  return below + (above - below) * (rank - Math.floor(rank))
}

const sample = JSON.parse(
  readFileSync(join(PROJECT_ROOT, 'producer', 'sample', 'logs.json'), 'utf8'),
) as LogLine[]

/** What someone who has just cloned the project does: nothing is configured and nothing runs yet. */
describe('vigie replay, with nothing prepared', () => {
  const env: Record<string, string> = {}
  let loki: LokiSettings = settings.loki
  const number = async (query: string) =>
    (await queryInstant(loki, query, nanoseconds(Date.now() + 1_000)))[0]?.value
  afterAll(() => vigie(['down', '--volumes'], env))

  test('starts what it needs and carries the sample from S3 to Loki', async () => {
    Object.assign(env, await ownStackEnv())
    loki = { ...loki, LOKI_URL: `http://127.0.0.1:${env.VIGIE_LOKI_PORT}` }
    const { code, stdout, stderr } = await vigie(['replay', '--json'], env)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const report = JSON.parse(stdout)
    expect(report.detection).toMatchObject({ source: 'crm', alertedBefore: null })
    for (const seconds of [report.detection.alertSeconds, report.detection.mailSeconds])
      expect(seconds).toBeLessThan(10)
    expect(report).toMatchObject({
      read: 72,
      sent: 72,
      rejected: 0,
      stored: 72,
      successes: 71,
      failures: 1,
      othersInWindow: 0,
      failureRate: expect.closeTo(1 / 72, 10),
      p95DurationSeconds: expect.closeTo(
        quantile(
          0.95,
          sample.map((log) => log.duree),
        ),
        6,
      ),
    })
  })

  test('Loki itself says the same', async () => {
    expect(await number('sum(count_over_time({job="kafka-logs"}[2d]))')).toBe(72)
    expect(await number('sum(count_over_time({job="kafka-logs", etat="SUCCESS"}[2d]))')).toBe(71)
    expect(await number('sum(count_over_time({job="kafka-logs", etat="FAILED"}[2d]))')).toBe(1)
    const p95 =
      'quantile_over_time(0.95, {job="kafka-logs"} | json | unwrap duree | __error__="" [2d]) by (job)'
    expect(await number(p95)).toBeCloseTo(
      quantile(
        0.95,
        sample.map((log) => log.duree),
      ),
      6,
    )
  })

  test('the newest log ends now; the failure and its recovery lie within the last five minutes', async () => {
    const nowNs = nanoseconds(Date.now() + 1_000)
    const lines = await queryLines(loki, '{job="kafka-logs"}', nowNs - nanoseconds(2 * 86_400_000), nowNs)
    const logs = lines.map(({ line }) => JSON.parse(line) as LogLine).sort((a, b) => (a.fin < b.fin ? -1 : 1))
    const newestMs = Date.parse(logs.at(-1)?.fin ?? '')
    expect(Date.now() - newestMs).toBeLessThan(60_000)
    const failed = logs.find(({ etat }) => etat === 'FAILED')
    const recovered = logs.find(({ source, fin }) => source === failed?.source && fin > (failed?.fin ?? ''))
    expect(newestMs - Date.parse(failed?.fin ?? '')).toBeLessThan(5 * 60_000)
    expect(recovered?.etat).toBe('SUCCESS')
  })

  test('again, it counts only its own logs and says how many were there', async () => {
    const { code, stdout } = await vigie(['replay', '--json'], env)
    expect(code).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ sent: 72, stored: 72, successes: 71, failures: 1 })
    expect(report.othersInWindow).toBeGreaterThan(60)
  })

  test('every part listens on 127.0.0.1 only', () => {
    const rows = ['tcp', 'tcp6'].flatMap((table) =>
      readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1),
    )
    const listening = rows
      .map((row) => row.trim().split(/\s+/))
      .filter((columns) => columns[3] === '0A')
      .map((columns) => columns[1]?.split(':') ?? [])
    // The embedded store has no gRPC.
    const unused = new Set(localLoki(settings.stack).kind === 'embedded' ? ['VIGIE_LOKI_GRPC_PORT'] : [])
    for (const [name, port] of Object.entries(env)) {
      if (!name.endsWith('_PORT') || unused.has(name)) continue
      const hex = Number(port).toString(16).toUpperCase().padStart(4, '0')
      const addresses = listening.filter(([, each]) => each === hex).map(([address]) => address)
      expect([name, addresses.length]).not.toEqual([name, 0])
      // 127.0.0.1, as IPv4 or mapped into IPv6.
      for (const address of addresses)
        expect(['0100007F', '0000000000000000FFFF00000100007F']).toContain(address)
    }
  })
})
