import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ENGINES, installedAt } from '../../stack/engines.ts'
import { TOOLS } from '../../stack/tools.ts'
import { ownStackEnv, statusOf, temporaryFolder, vigie } from './harness.ts'

/** A machine with Java and Kafka, where nothing that Go builds is in the cache, and no Go. */
describe('without Go', () => {
  const env: Record<string, string> = {}
  beforeAll(async () => {
    const [cache, programs] = [temporaryFolder(), temporaryFolder()]
    const kafka = await installedAt(ENGINES.kafka)
    mkdirSync(join(cache, 'vigie', 'engines'), { recursive: true })
    symlinkSync(kafka, join(cache, 'vigie', 'engines', basename(kafka)))
    const java = execFileSync('which', [TOOLS.java.command()], { encoding: 'utf8' }).trim()
    symlinkSync(java, join(programs, 'java'))
    Object.assign(env, await ownStackEnv(), {
      XDG_CACHE_HOME: cache,
      PATH: programs,
      JAVA_HOME: '',
      VIGIE_LOKI: 'embedded',
    })
  }, 60_000)
  afterAll(() => vigie(['down', '--volumes'], env))

  test('a replay reads the sample from its file, sends no mail, and says both in one line', async () => {
    const { code, stdout, stderr } = await vigie(['replay'], env)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/Runs stored in Loki │ +72 of 72 sent/)
    expect(stdout).toMatch(/Answered by +│ +embedded store/)
    const notices = stderr.split('\n').filter((line) => line.includes('Without Go'))
    expect(notices).toHaveLength(1)
    expect(notices[0]).toMatch(
      /^Without Go the sample is read from its file instead of S3, and no mail is sent\. Go ≥ 1\.26 \(.*\): not found\. Get it: https:\/\/go\.dev\/dl/,
    )
  }, 120_000)

  test('status tells what is not there, and doctor that it is left out', async () => {
    const states = await statusOf(env)
    const stateOf = (name: string) => states.get(name)?.state
    expect(['kafka', 'loki', 'shipper', 'tracker'].map(stateOf)).toEqual(Array(4).fill('ready'))
    expect(['s3', 'alertmanager', 'maildev'].map(stateOf)).toEqual(Array(3).fill('stopped'))
    const { code, stdout, stderr } = await vigie(['doctor'], { ...env, PATH: env.PATH })
    expect(stdout).toMatch(/✔ Loki +embedded store/)
    expect(stdout).toMatch(/· Go +not found/)
    expect(stderr).toContain('Left out until it is there')
    // Maven is missing here, too, and that is no option.
    expect(code).toBe(2)
  })

  test('up starts what it can and names the rest', async () => {
    const { code, stderr } = await vigie(['up'], env)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^Not started: s3, alertmanager, maildev\. Go ≥ 1\.26 .*Get it: /m)
  })

  test('logs of one’s own in the local S3 cannot be read without it', async () => {
    const { code, stderr } = await vigie(['replay', 's3://mine/logs.json'], env)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^vigie: Something that Vigie needs is missing:\n {2}Go ≥ 1\.26/)
  })
})
