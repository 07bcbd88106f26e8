import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  composeArgs,
  dockerDown,
  dockerLogs,
  dockerProblem,
  dockerS3Env,
  dockerStatus,
  dockerUp,
  ensureSecrets,
  isDockerUp,
} from '../../stack/docker.ts'

/** Where the tests run there may be no Docker engine: this program stands in for the client. */
const FAKE = `#!/bin/sh
echo "$*" >> "$FAKE_DOCKER/calls"
case "$*" in
  info*) [ ! -e "$FAKE_DOCKER/no-engine" ] || { echo 'Cannot connect to the Docker daemon.' >&2; exit 1; } ;;
  *" ps "*) cat "$FAKE_DOCKER/containers" 2>/dev/null || true ;;
  *) exit "$(cat "$FAKE_DOCKER/exit-code" 2>/dev/null || echo 0)" ;;
esac
`

let folder = ''
const path = process.env.PATH
const inFolder = (name: string) => join(folder, name)
const tell = (name: string, content = '') => writeFileSync(inFolder(name), content)
/** What Docker was asked, without the question whether it is there. */
const calls = () =>
  readFileSync(inFolder('calls'), 'utf8')
    .trim()
    .split('\n')
    .filter((call) => !call.startsWith('info') && call !== 'compose version')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-docker-'))
  tell('docker', FAKE)
  chmodSync(inFolder('docker'), 0o755)
  process.env.PATH = `${folder}${delimiter}${path}`
  process.env.FAKE_DOCKER = folder
})
afterEach(() => {
  process.env.PATH = path
  delete process.env.FAKE_DOCKER
  rmSync(folder, { recursive: true, force: true })
})

const base = () => `compose --file ${inFolder('compose.yaml')} --env-file ${inFolder('.env')}`

describe('dockerProblem', () => {
  test('none when an engine answers', async () => {
    expect(await dockerProblem()).toBeUndefined()
  })

  test('a client without an engine is no Docker; it says why', async () => {
    tell('no-engine')
    expect(await dockerProblem()).toBe('Cannot connect to the Docker daemon.')
  })

  test('nor is an engine without `docker compose`', async () => {
    tell('exit-code', '1')
    expect(await dockerProblem()).toContain('docker compose version')
  })

  test('nor is no client', async () => {
    process.env.PATH = '/nowhere'
    expect(await dockerProblem()).toBe('there is no docker program')
  })
})

describe('dockerUp', () => {
  test('waits for the health checks of everything that compose.yaml names', async () => {
    await dockerUp(folder)
    expect(calls()).toEqual([`${base()} up --detach --build --remove-orphans --wait --wait-timeout 300`])
  })

  test('makes the secrets once, for the owner only, and keeps them', async () => {
    await dockerUp(folder)
    const made = readFileSync(inFolder('.env'), 'utf8')
    expect(statSync(inFolder('.env')).mode & 0o777).toBe(0o600)
    await dockerUp(folder)
    expect(readFileSync(inFolder('.env'), 'utf8')).toBe(made)
  })

  test('without an engine: one sentence, and nothing is written', async () => {
    tell('no-engine')
    await expect(dockerUp(folder)).rejects.toMatchObject({ code: 'DOCKER_MISSING', exitCode: 2 })
    expect(() => statSync(inFolder('.env'))).toThrow()
  })

  test('what `docker compose` says is wrong is an error', async () => {
    ensureSecrets(folder)
    // `docker compose version` still works: only `up` fails.
    tell('docker', FAKE.replace('*) exit "$(cat', '*up*) exit 17 ;;\n  *) exit "$(cat'))
    await expect(dockerUp(folder)).rejects.toMatchObject({
      code: 'DOCKER_FAILED',
      message: 'Docker failed at `docker compose up` (exit code 17). What it wrote above says why.',
    })
  })
})

describe('secrets', () => {
  test('are different each time, and hold nothing that compose would interpolate', () => {
    ensureSecrets(folder)
    const first = dockerS3Env(folder, 7070)
    rmSync(inFolder('.env'))
    ensureSecrets(folder)
    const second = dockerS3Env(folder, 7070)
    expect(first.AWS_SECRET_ACCESS_KEY).toMatch(/^[0-9a-f]{48}$/)
    expect(first.AWS_SECRET_ACCESS_KEY).not.toBe(second.AWS_SECRET_ACCESS_KEY)
    expect(first).toMatchObject({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:7070', AWS_REGION: 'us-east-1' })
  })
})

describe('down, logs and status', () => {
  test('down takes what ran once with it, and the data when asked', async () => {
    await dockerDown(folder, false)
    await dockerDown(folder, true)
    const down = `${base()} --profile replay down --remove-orphans`
    expect(calls()).toEqual([down, `${down} --volumes`])
  })

  test('logs of one service, or of all', async () => {
    await dockerLogs(folder, 'shipper', '20', true)
    await dockerLogs(folder, undefined, '50', false)
    const logs = `${base()} --profile replay logs --tail`
    expect(calls()).toEqual([`${logs} 20 --follow shipper`, `${logs} 50`])
  })

  test('a stack that was never started in Docker is not asked for', async () => {
    tell('containers', 'abc\n')
    expect(await isDockerUp(folder)).toBe(false)
    expect(() => calls()).toThrow('calls')
    ensureSecrets(folder)
    expect(await isDockerUp(folder)).toBe(true)
    tell('containers', '')
    expect(await isDockerUp(folder)).toBe(false)
  })

  test('status lists the containers', async () => {
    tell('containers', '{"Service":"loki","State":"running","Health":"healthy"}\n')
    expect(await dockerStatus(folder)).toEqual([{ name: 'loki', state: 'ready', address: '' }])
  })
})

test('composeArgs: `up` leaves out what runs once', () => {
  expect(composeArgs('d', 'up')).not.toContain('--profile')
  expect(composeArgs('d', 'down')).toEqual(expect.arrayContaining(['--profile', 'replay', 'down']))
})
