import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { engineEnv, logAt, temporaryFolder, unique, vigie } from './harness.ts'
import { reservedPort } from './ports.ts'

const file = () => {
  const path = join(temporaryFolder(), 'one.ndjson')
  writeFileSync(path, JSON.stringify(logAt(unique('errors'), 30)))
  return path
}
const deadPort = async () => `127.0.0.1:${await reservedPort()}`

type Mistake = {
  what: string
  args: () => string[]
  env: () => Promise<Record<string, string | undefined>>
  sentence: RegExp
  code: number
}

const mistakes: Mistake[] = [
  {
    what: 'Kafka that does not answer',
    args: () => ['replay', file()],
    env: async () => ({ KAFKA_BROKERS: await deadPort() }),
    sentence: /Kafka at 127\.0\.0\.1:\d+ does not answer .*KAFKA_BROKERS/,
    code: 1,
  },
  {
    what: 'Kafka that does not answer the shipper',
    args: () => ['ship'],
    env: async () => ({ KAFKA_BROKERS: await deadPort(), METRICS_PORT: '0' }),
    sentence: /Kafka at 127\.0\.0\.1:\d+ does not answer .*KAFKA_BROKERS/,
    code: 1,
  },
  {
    what: 'Loki that does not answer',
    args: () => ['replay', file()],
    env: async () => ({ LOKI_URL: `http://${await deadPort()}` }),
    sentence: /Loki at http:\/\/127\.0\.0\.1:\d+ does not answer .*LOKI_URL/,
    code: 1,
  },
  {
    what: 'S3 that does not answer',
    args: () => ['replay'],
    env: async () => ({ AWS_ENDPOINT_URL_S3: `http://${await deadPort()}` }),
    sentence: /S3 at http:\/\/127\.0\.0\.1:\d+ does not answer .*AWS_ENDPOINT_URL_S3/,
    code: 1,
  },
  {
    what: 'a bucket that is not there',
    args: () => ['replay', 's3://no-such-bucket/logs.json'],
    env: async () => ({}),
    sentence: /bucket no-such-bucket does not exist/,
    code: 1,
  },
  {
    what: 'a key that is not there',
    args: () => ['replay', 's3://my12data/no-such-key.json'],
    env: async () => ({}),
    sentence: /There is no object s3:\/\/my12data\/no-such-key\.json/,
    code: 1,
  },
  {
    what: 'wrong S3 credentials',
    args: () => ['replay'],
    env: async () => ({ AWS_SECRET_ACCESS_KEY: 'wrong' }),
    sentence: /refuses s3:\/\/my12data\/logs\.json .*Check the credentials/,
    code: 1,
  },
  {
    what: 'no S3 credentials',
    args: () => ['replay'],
    env: async () => ({
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_EC2_METADATA_DISABLED: 'true',
      HOME: temporaryFolder(),
    }),
    sentence: /No S3 credentials were found .*AWS_ACCESS_KEY_ID/,
    code: 2,
  },
  {
    what: 'a local file that is not there',
    args: () => ['replay', '/no/such/file.json'],
    env: async () => ({}),
    sentence: /\/no\/such\/file\.json does not exist/,
    code: 1,
  },
  {
    what: 'a topic that cannot be created',
    args: () => ['replay', file()],
    // Made of what a name may be made of, but one of the two that Kafka takes for folders.
    env: async () => ({ KAFKA_TOPIC: '..' }),
    sentence: /topic \.\. could not be created .*Create it yourself/,
    code: 1,
  },
  {
    what: 'a topic that is none',
    args: () => ['replay', file()],
    env: async () => ({ KAFKA_TOPIC: 'not a topic name!' }),
    sentence: /KAFKA_TOPIC = "not a topic name!": a topic has 1 to 249 letters/,
    code: 2,
  },
  {
    what: 'several topics for a replay',
    args: () => ['replay', file()],
    env: async () => ({ KAFKA_TOPIC: 'logs-a,logs-b' }),
    sentence: /KAFKA_TOPIC = "logs-a,logs-b": this needs the name of one topic/,
    code: 2,
  },
  {
    what: 'a pattern that is none',
    args: () => ['ship'],
    env: async () => ({ KAFKA_TOPIC: '/logs-(/' }),
    sentence: /KAFKA_TOPIC = "\/logs-\(\/": not a regular expression/,
    code: 2,
  },
  {
    what: 'a wrong option',
    args: () => ['replay', '--rate', 'fast'],
    env: async () => ({}),
    sentence: /--rate.*It must be a number above 0/,
    code: 2,
  },
  {
    what: 'a wrong command',
    args: () => ['relpay'],
    env: async () => ({}),
    sentence: /unknown command 'relpay'.*Did you mean replay/s,
    code: 2,
  },
  {
    what: 'several wrong settings at once',
    args: () => ['replay'],
    env: async () => ({ KAFKA_SASL_MECHANISM: 'magic', KAFKA_BROKER: 'localhost:9092' }),
    sentence: /KAFKA_BROKER: unknown; did you mean KAFKA_BROKERS\?\n {2}KAFKA_SASL_MECHANISM = "magic":/,
    code: 2,
  },
]

describe('mistakes and missing systems', () => {
  test.each(mistakes)('$what: one clear sentence, exit $code', async ({ args, env, sentence, code }) => {
    const ended = await vigie(args(), { ...engineEnv(), KAFKA_GROUP_ID: unique('errors'), ...(await env()) })
    expect(ended.stderr).toMatch(sentence)
    expect(ended.stderr).not.toMatch(/^\s+at .*:\d+/m)
    expect(ended.code).toBe(code)
  })

  test('a vigie.yaml with an unknown key or a wrong unit names both', async () => {
    const config = join(temporaryFolder(), 'vigie.yaml')
    writeFileSync(config, 'aliasses: {}\naliases:\n  duree: [{ name: t, unit: MB }]\n')
    const { code, stderr } = await vigie(['replay', file()], { ...engineEnv(), VIGIE_CONFIG: config })
    expect(stderr).toContain('aliasses: unknown key')
    expect(stderr).toMatch(/aliases\.duree\.0\.unit = "MB": one of s, ms/)
    expect(code).toBe(2)
  })

  test('missing programs are all named, with how to get them', async () => {
    const { code, stderr } = await vigie(['up'], {
      XDG_CACHE_HOME: temporaryFolder(),
      PATH: '/nonexistent',
      JAVA_HOME: '',
    })
    expect(stderr).toMatch(/Java ≥ 17 .*not found.*\n.*Maven ≥ .*not found/)
    // What Go is for is left out where there is none.
    expect(stderr).not.toContain('Go')
    expect(code).toBe(2)
  })

  test('a full disk is told', async () => {
    // A file system of 64 KB in a namespace of its own: no rights and nothing to clean up.
    const folder = temporaryFolder()
    const command = `mount -t tmpfs -o size=64k none ${folder} && exec ${process.execPath} ${join(PROJECT_ROOT, 'bin', 'vigie.js')} up`
    let ended = { status: 0, stderr: '' }
    try {
      execFileSync('unshare', ['--map-root-user', '--mount', 'sh', '-c', command], {
        env: { ...process.env, VIGIE_HOME: folder },
        stdio: 'pipe',
        encoding: 'utf8',
      })
    } catch (error) {
      ended = error as typeof ended
    }
    expect(ended.stderr).toMatch(/no space left.* on the disk of .*Free some/)
    expect(ended.status).toBe(1)
  })
})
