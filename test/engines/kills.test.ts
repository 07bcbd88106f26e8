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
  const shipped = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${env.METRICS_PORT}/metrics`)
    const logs = /^vigie_shipper_records_total\{topic="ingestion-logs"\} (\d+)/m
    return Number(logs.exec(await answer.text())?.[1] ?? 0)
  }
  const isReady = async (service: string) => (await statusOf(env)).get(service)?.state === 'ready'

  test('kafka, when everything is sent and the replay waits for the shipper: it goes on waiting', async () => {
    const source = unique('waiting')
    const file = join(temporaryFolder(), 'logs.ndjson')
    writeFileSync(
      file,
      Array.from({ length: 3_000 }, (_, index) => serialise(logAt(source, index))).join('\n'),
    )
    const replay = start(['replay', file, '--times', 'original', '--rate', '1000', '--json'], env)
    const hasBegun = (phase: string) => async () => replay.stderr().includes(`\n${phase}`)
    await eventually('the stack is up, and sending begins', hasBegun('sending'))
    const shipper = (await statusOf(env)).get('shipper')?.pid ?? 0
    process.kill(shipper, 'SIGSTOP')
    try {
      await eventually('everything is sent', hasBegun('shipping'))
      await kill('kafka')
      await eventually('kafka is seen as dead', async () => !(await isReady('kafka')))
    } finally {
      process.kill(shipper, 'SIGCONT')
    }
    expect((await vigie(['up'], env)).code).toBe(0)
    const { code, stderr } = await replay.ended
    expect({ code, stderr: code === 0 ? '' : stderr.slice(-600) }).toEqual({ code: 0, stderr: '' })
  }, 120_000)

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
      const before = await shipped()
      const replay = start(['replay', file, '--times', 'original', '--rate', '3000', '--json'], env)
      await eventually('a part of the logs is stored', async () => (await shipped()) > before + 2_000)
      await kill(victim)
      await eventually(`${victim} is seen as dead`, async () => !(await isReady(victim)))
      expect((await vigie(['up'], env)).code).toBe(0)
      const { code, stdout, stderr } = await replay.ended
      expect({ code, stderr: code === 0 ? '' : stderr.slice(-600) }).toEqual({ code: 0, stderr: '' })
      const report = JSON.parse(stdout)
      expect(report).toMatchObject({ sent: total, rejected: 0 })
      expect(report.stored).toBeGreaterThanOrEqual(total)
    },
    120_000,
  )
})
