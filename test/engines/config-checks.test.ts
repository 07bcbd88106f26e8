import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { alertmanagerFiles, type Owner } from '../../prometheus/alertmanager.ts'
import { alertSettings, withMailServer } from '../../prometheus/config.ts'
import { messageTemplates } from '../../stack/alertmanager.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { kafkaClassPath, programOf } from '../../stack/engines.ts'
import { serverProperties } from '../../stack/kafka.ts'
import { TOOLS } from '../../stack/tools.ts'
import { temporaryFolder } from './harness.ts'

type Checked = { ok: boolean; output: string }

async function check(file: string, args: string[], env: Record<string, string> = {}): Promise<Checked> {
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, { env: { ...process.env, ...env } })
    return { ok: true, output: stdout + stderr }
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return { ok: false, output: stdout + stderr }
  }
}

/** Writes Alertmanager's files, and returns the folder. */
function alertmanagerFolder(env: NodeJS.ProcessEnv, owners: Owner[] = []): string {
  const folder = temporaryFolder()
  const settings = alertSettings.parse(withMailServer(env, 1025))
  const files = alertmanagerFiles(settings, owners, 'http://127.0.0.1:3100', messageTemplates(), folder)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

describe('amtool’s check of Alertmanager’s configuration', () => {
  const amtool = async (folder: string) =>
    check(await programOf('alertmanager', 'amtool'), ['check-config', join(folder, 'alertmanager.yml')])

  test.each([
    ['alone', {}, []],
    [
      'with everything',
      {
        SMTP_HOST: 'smtp.example.com',
        SMTP_USERNAME: 'me',
        SMTP_PASSWORD: 'a "secret"',
        ALERT_EMAIL_TO: 'a@example.com,b@example.com',
        SLACK_WEBHOOK_URL: 'https://hooks.example.com/x',
        WATCHDOG_URL: 'https://ping.example.com/y',
        GRAFANA_URL: 'https://grafana.example.com/a"b',
        RUNBOOK_URL: 'https://docs.example.com',
      },
      [{ sources: '^(?:crm|"odd\\\\.name")$', address: 'sales@example.com' }],
    ],
  ])('%s', async (_, env, owners) => {
    expect(await amtool(alertmanagerFolder(env, owners))).toEqual({
      ok: true,
      output: expect.stringContaining('SUCCESS'),
    })
  })

  test('would notice a template that is broken', async () => {
    const folder = alertmanagerFolder({})
    writeFileSync(join(folder, 'broken.tmpl'), '{{ define "x" }}{{ if }}{{ end }}')
    expect((await amtool(folder)).ok).toBe(false)
  })
})

test('Kafka formats its storage with the settings, so it can read them', async () => {
  const folder = temporaryFolder()
  const template = readFileSync(join(PROJECT_ROOT, 'kafka', 'server.properties'), 'utf8')
  const properties = serverProperties(template, {
    KAFKA_HOST: '127.0.0.1',
    KAFKA_CONTROLLER_PORT: '29093',
    KAFKA_LISTENERS: 'PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:29093',
    KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://127.0.0.1:9092',
    KAFKA_DATA_DIR: join(folder, 'logs'),
  })
  mkdirSync(join(folder, 'logs'))
  const format = async (text: string) => {
    writeFileSync(join(folder, 'server.properties'), text)
    const tool = ['-cp', await kafkaClassPath(), 'kafka.tools.StorageTool', 'format', '--ignore-formatted']
    return check(TOOLS.java.command(), [
      ...tool,
      ...['--cluster-id', 'AAAAAAAAAAAAAAAAAAAAAA', '--config', join(folder, 'server.properties')],
    ])
  }
  expect((await format(`${properties}\nlog.retention.hours=never\n`)).ok).toBe(false)
  expect(await format(properties)).toMatchObject({ ok: true })
})
