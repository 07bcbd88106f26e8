import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { PROJECT_ROOT } from '../../../stack/config.ts'
import { DOCKER_FOLDER } from '../../../stack/docker.ts'
import { basicsOf } from '../../../stack/process.ts'
import { localLoki } from '../../../stack/which-loki.ts'
import { settings, temporaryFolder } from '../harness.ts'

type Checked = { ok: boolean; output: string }

/** Asks the program itself whether it takes a configuration. */
async function verify(
  env: Record<string, string>,
  file = join(PROJECT_ROOT, 'loki', 'loki.yaml'),
): Promise<Checked> {
  const loki = localLoki(settings.stack)
  if (loki.kind !== 'program') throw new Error('these tests need a loki program')
  const args = ['-verify-config', `-config.file=${file}`, '-config.expand-env=true']
  const own = {
    LOKI_LISTEN_ADDRESS: '127.0.0.1',
    LOKI_HTTP_PORT: '3100',
    LOKI_GRPC_PORT: '9095',
    LOKI_DATA_DIR: temporaryFolder(),
  }
  try {
    const { stdout, stderr } = await promisify(execFile)(loki.path, args, {
      env: { ...basicsOf(process.env), ...own, ...env },
    })
    return { ok: true, output: stdout + stderr }
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return { ok: false, output: stdout + stderr }
  }
}

/** What compose.yaml gives its Loki. */
const composeVariables = (): Record<string, string> => {
  const { services } = parse(readFileSync(join(DOCKER_FOLDER, 'compose.yaml'), 'utf8'), { merge: true }) as {
    services: { loki: { environment: Record<string, string> } }
  }
  const { environment } = services.loki
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      String(value).replace(/^\$\{.*:-(.*)\}$/, '$1'),
    ]),
  )
}

describe('Loki’s own check of loki.yaml', () => {
  test.each([
    ['alone', () => ({})],
    [
      'with an Alertmanager and a retention',
      () => ({ LOKI_ALERTMANAGER_URL: 'http://am:9093', LOKI_RETENTION_PERIOD: '30d' }),
    ],
    [
      'with the variables of compose.yaml',
      () => ({ ...composeVariables(), LOKI_DATA_DIR: temporaryFolder() }),
    ],
  ])('%s', async (_, env) => {
    expect(await verify(env())).toEqual({ ok: true, output: '' })
  })

  test('would notice a setting that Loki does not know', async () => {
    const file = join(temporaryFolder(), 'loki.yaml')
    const text = readFileSync(join(PROJECT_ROOT, 'loki', 'loki.yaml'), 'utf8')
    writeFileSync(file, text.replace('retention_enabled:', 'retention_wanted:'))
    expect(await verify({}, file)).toEqual({ ok: false, output: expect.stringContaining('retention_wanted') })
    expect(await verify({ LOKI_HTTP_PORT: 'none' })).toEqual({
      ok: false,
      output: expect.stringContaining('none'),
    })
  })
})
