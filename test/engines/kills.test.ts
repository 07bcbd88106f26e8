import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { serialise } from '../../log/normalise.ts'
import { eventually, logAt, ownStackEnv, start, statusOf, temporaryFolder, unique, vigie } from './harness.ts'

/** Engines that are killed in the middle of a replay and brought back by `vigie up`. */
describe('kill -9 in the middle of a replay', () => {
  const env: Record<string, string> = {}
  const total = 24_000
  beforeAll(async () => {
    Object.assign(env, await ownStackEnv())
    expect((await vigie(['up'], env)).code).toBe(0)
  })
  afterAll(() => vigie(['down', '--volumes'], env))

  const kill = async (service: string) =>
    process.kill((await statusOf(env)).get(service)?.pid ?? 0, 'SIGKILL')
  const isReady = async (service: string) => (await statusOf(env)).get(service)?.state === 'ready'

  test.each([
    ['loki', 20],
    ['kafka', 40],
    ['shipper', 60],
  ])(
    '%s: it comes back with up, and the replay ends with every log in Loki',
    async (victim, daysAgo) => {
      const source = unique(victim)
      const file = join(temporaryFolder(), 'logs.ndjson')
      const logs = Array.from({ length: total }, (_, index) => logAt(source, daysAgo * 86_400 - index))
      writeFileSync(file, logs.map(serialise).join('\n'))
      const replay = start(['replay', file, '--times', 'original', '--rate', '6000', '--json'], env)
      await eventually('a part of the logs is stored', async () => {
        const answer = await fetch(`http://127.0.0.1:${env.METRICS_PORT}/metrics`)
        const records = /^vigie_shipper_records_total (\d+)/m.exec(await answer.text())?.[1]
        return Number(records) % total > 2_000
      })
      await kill(victim)
      await eventually(`${victim} is seen as dead`, async () => !(await isReady(victim)))
      expect((await vigie(['up'], env)).code).toBe(0)
      const { code, stdout, stderr } = await replay.ended
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      const report = JSON.parse(stdout)
      expect(report).toMatchObject({ sent: total, rejected: 0 })
      expect(report.stored).toBeGreaterThanOrEqual(total)
    },
    120_000,
  )
})
