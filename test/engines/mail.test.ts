import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readSettings, stackContext } from '../../cli/settings.ts'
import { type LogLine } from '../../log/line.ts'
import { alertmanagerFiles } from '../../prometheus/alertmanager.ts'
import { alertSettings } from '../../prometheus/config.ts'
import { rulesFolder } from '../../stack/loki.ts'
import { eventually, logAt, ownStackEnv, temporaryFolder, unique, vigie } from './harness.ts'
import { type Alert, type Mailbox, mailbox, sendAlerts } from './mailbox.ts'

const FAILED = '1-echec-detecte'

/** A rule with a short memory, so that a test sees its end. */
const SHORT_RULE = `
groups:
  - name: short
    rules:
      - alert: short
        expr: sum by (source) (count_over_time({job="kafka-logs", etat="FAILED", source=~"short-.*"}[20s])) > 0
        labels: { severity: critical }
        annotations: { summary: '{{ $labels.source }} failed', action: mend it }
`

/** A stack of its own, whose mails and messages are caught here. */
describe('from an alert to a mail', () => {
  const env: Record<string, string> = {}
  let mails: Mailbox
  let alertmanager = ''
  let server: Server
  const posts: { path: string; body: string }[] = []

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        posts.push({ path: request.url ?? '', body })
        response.end('ok')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    Object.assign(env, await ownStackEnv(), {
      ALERT_EMAIL_TO: 'one@example.com, two@example.com',
      ALERT_CRITICAL_INTERVAL: '3s',
      ALERT_DIGEST_WAIT: '2s',
      SLACK_WEBHOOK_URL: `${url}/slack`,
      WATCHDOG_URL: `${url}/watchdog`,
      RUNBOOK_URL: 'https://docs.example.com/vigie',
    })
    const { code, stderr } = await vigie(['up'], env)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    mails = mailbox(`http://127.0.0.1:${env.VIGIE_MAIL_PAGE_PORT}`)
    alertmanager = `http://127.0.0.1:${env.VIGIE_ALERTMANAGER_PORT}`
    // Only these two rules: the others would join their mails.
    const rules = rulesFolder(stackContext(readSettings({ ...process.env, ...env }), env))
    for (const name of readdirSync(rules)) if (name !== `${FAILED}.yaml`) rmSync(join(rules, name))
    writeFileSync(join(rules, 'short.yaml'), SHORT_RULE)
  }, 120_000)
  afterAll(async () => {
    await vigie(['down', '--volumes'], env)
    server.close()
    server.closeAllConnections()
  })

  /** Carries logs all the way, and returns what replay says of it. */
  async function replay(
    logs: LogLine[],
  ): Promise<{ detection: Record<string, unknown> | null; stderr: string }> {
    const file = join(temporaryFolder(), 'logs.json')
    writeFileSync(file, JSON.stringify(logs))
    const { code, stdout, stderr } = await vigie(['replay', file, '--times', 'original', '--json'], env)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    return { detection: JSON.parse(stdout).detection, stderr }
  }
  const failedLog = (source: string, description: string, more: Partial<LogLine> = {}) =>
    logAt(source, 2, { etat: 'FAILED', description, ...more })
  const unescaped = (html: string) => html.replaceAll('&#43;', '+').replaceAll('&amp;', '&')
  const critical = (source: string, more: Partial<Alert> = {}): Alert => ({
    labels: { alertname: unique('alert'), severity: 'critical', source },
    annotations: { summary: 'something broke', runbook: 'docs/runbooks/x.md' },
    ...more,
  })

  test('a FAILED log becomes a mail in less than ten seconds, and replay says so', async () => {
    const source = unique('crm')
    const { detection } = await replay([failedLog(source, 'connection to crm-db:5432 timed out')])
    expect(detection).toMatchObject({
      source,
      alertedBefore: null,
      mailPage: `http://127.0.0.1:${env.VIGIE_MAIL_PAGE_PORT}`,
    })
    expect(detection?.alertSeconds).toBeLessThan(10)
    expect(detection?.mailSeconds).toBeLessThan(10)
    const [mail] = await mails.on(FAILED, source)
    expect(mail?.subject).toBe(`[FAILED] ${source}: connection to crm-db:5432 timed out`)
    expect(mail?.envelope.to.map(({ address }) => address)).toEqual(['one@example.com', 'two@example.com'])
    expect(mail?.text).toMatch(/^Last error {2}\d\d:\d\d:\d\d UTC {2}connection to crm-db:5432 timed out$/m)
    expect(mail?.text).toMatch(/^Since {7}\w{3} \d+ \w{3} \d{4}, \d\d:\d\d:\d\d UTC$/m)
    expect(mail?.text).toMatch(/^What to do {2}Read the last error/m)
    expect(mail?.text).toMatch(
      /^Runbook {5}https:\/\/docs\.example\.com\/vigie\/docs\/runbooks\/1-echec-detecte\.md$/m,
    )
    expect(mail?.text).toContain(`source=${source}`)
    for (const part of [
      'connection to crm-db:5432 timed out',
      'What to do',
      `source = ${source}`,
      'background:#b42318',
    ])
      expect(mail?.html).toContain(part)
  })

  test('the link in the mail leads to the logs of that source', async () => {
    const source = unique('linked')
    await replay([failedLog(source, 'broken'), logAt(source, 60), logAt(unique('other'), 60)])
    const [mail] = await mails.on(FAILED, source)
    const url = /href="([^"]+query_range[^"]+)"/.exec(mail?.html ?? '')?.[1] ?? ''
    const answer = (await (await fetch(unescaped(url))).json()) as {
      data: { result: { stream: { source: string } }[] }
    }
    expect(mail?.text).toContain(unescaped(url))
    expect(answer.data.result.map(({ stream }) => stream.source)).toEqual([source, source])
  })

  test('the link in a mail about a service of Vigie’s leads to the errors that it logged', async () => {
    const alertname = unique('11-vigie-en-difficulte')
    const labels = { alertname, severity: 'critical', service: 'shipper' }
    await sendAlerts(alertmanager, [{ labels, annotations: { summary: 'The shipper is in trouble' } }])
    const [mail] = await mails.until(1, alertname)
    const url = /href="([^"]+query_range[^"]+)"/.exec(mail?.html ?? '')?.[1] ?? ''
    expect(new URL(unescaped(url)).searchParams.get('query')).toBe(
      '{job="vigie", service="shipper", level="error"}',
    )
    expect(mail?.text).toContain(unescaped(url))
  })

  test('several sources and zones: one mail a source; a second failure is no second mail', async () => {
    const [first, second] = [unique('several'), unique('several')]
    await replay([
      failedLog(first, 'west', { zone: 'eu-west' }),
      failedLog(first, 'east', { zone: 'us-east' }),
      failedLog(second, 'alone'),
    ])
    const [mail] = await mails.until(1, FAILED, first)
    expect(mail?.text).toMatch(/UTC {2}(west|east)$/m)
    await mails.until(1, FAILED, second)
    const { detection } = await replay([failedLog(second, 'again')])
    expect(detection).toMatchObject({ source: second, mailSeconds: null })
    expect(Date.parse(String(detection?.alertedBefore))).toBeLessThan(Date.now())
    expect(await mails.on(FAILED, first)).toHaveLength(1)
    expect(await mails.on(FAILED, second)).toHaveLength(1)
  })

  test('a hostile log line changes neither the headers nor the page', async () => {
    const source = `${unique('hostile')}"<script>alert(1)</script>`
    const error =
      'oops "quoted" \\ <img src=x onerror=alert(2)>\r\nBcc: victim@example.com\r\n\r\n<!channel> {{ .Status }}'
    await replay([failedLog(source, error)])
    const [mail] = await mails.until(1, FAILED, source)
    expect(mail?.subject).toMatch(
      /^\[FAILED\] hostile-\w+"<script>alert\(1\)<\/script>: oops "quoted" \\ <img/,
    )
    expect(mail?.subject).toHaveLength('[FAILED] '.length + 110)
    expect(mail?.envelope.to).toHaveLength(2)
    const head = (await mails.raw(mail as never)).split('\r\n\r\n')[0] ?? ''
    expect(head).not.toMatch(/^Bcc:/im)
    expect(mail?.html).not.toMatch(/<script|<img/)
    expect(mail?.html).toContain('&lt;img src=x onerror=alert(2)&gt;')
    expect(mail?.text).toMatch(
      /^Last error .*\\ <img src=x onerror=alert\(2\)> Bcc: victim@example\.com <!channel> \{\{ \.Status \}\}$/m,
    )
    const message = await eventually('the message in Slack', async () =>
      posts.find(({ path, body }) => path === '/slack' && body.includes(source.slice(0, 18))),
    )
    const [{ text }] = JSON.parse(message.body).attachments
    expect(text).toContain('&lt;!channel&gt;')
    expect(text).not.toContain('<!channel>')
  })

  test('a mail follows when it is over', async () => {
    const source = unique('short')
    await replay([failedLog(source, 'for a moment')])
    const [, resolved] = await mails.until(2, 'short', source)
    expect(resolved?.subject).toBe(`[RESOLVED] ${source} failed`)
    expect(resolved?.html).toContain('background:#067647')
    expect(resolved?.text).not.toContain('What to do')
    expect(resolved?.text).toMatch(/^Lasted {6}.* UTC until \d\d:\d\d:\d\d UTC \(\d+s\)$/m)
    expect(await mails.on('short', source)).toHaveLength(2)
  })

  test('warnings come together, in one mail', async () => {
    const warning = (source: string): Alert => ({
      labels: { alertname: '4-latence-degradee', severity: 'warning', source },
      annotations: { summary: `${source} takes long` },
    })
    await sendAlerts(alertmanager, [warning('slow-1')])
    await sendAlerts(alertmanager, [warning('slow-2')])
    const [mail] = await mails.until(1, '4-latence-degradee')
    expect(mail?.subject).toMatch(/^\[WARNING\] 2 alerts: slow-[12], slow-[12]$/)
    expect(mail?.html).toContain('background:#a15c07')
    for (const source of ['slow-1', 'slow-2']) expect(mail?.text).toContain(`${source} takes long`)
  })

  test('the watchdog calls its address and nobody else; one silence for all hides those of the sources', async () => {
    const all = { alertname: '3-silence-totale', severity: 'critical' }
    const one = { alertname: '3-source-muette', severity: 'critical', source: 'quiet' }
    await sendAlerts(alertmanager, [
      { labels: { alertname: '10-veilleur', severity: 'none' } },
      { labels: all },
      { labels: one },
    ])
    await eventually('the watchdog’s call', async () =>
      posts.some(({ path, body }) => path === '/watchdog' && body.includes('10-veilleur')),
    )
    const [mail] = await mails.until(1, '3-silence-totale')
    expect(mail?.subject).toBe('[CRITICAL] 3-silence-totale')
    // A mail sent later than both would have been is here, so they are not on their way.
    const later = critical(unique('later'))
    await sendAlerts(alertmanager, [later])
    await mails.until(1, later.labels.alertname ?? '')
    expect(await mails.on('10-veilleur')).toEqual([])
    expect(await mails.on('3-source-muette')).toEqual([])
  })

  test('an owner gets the alerts of his sources, in place of the others', async () => {
    const folder = join(env.VIGIE_HOME ?? '', 'data', 'alertmanager', 'config')
    const owners = [{ sources: '^(?:owned-.*)$', address: 'owner@example.com' }]
    const settings = alertSettings.parse({ SMTP_PORT: env.VIGIE_SMTP_PORT, ALERT_DIGEST_WAIT: '1s' })
    const files = alertmanagerFiles(settings, owners, 'http://127.0.0.1:3100', {}, folder)
    writeFileSync(join(folder, 'alertmanager.yml'), files['alertmanager.yml'] ?? '')
    expect((await fetch(`${alertmanager}/-/reload`, { method: 'POST' })).status).toBe(200)
    const alerts = [critical(unique('owned')), critical(unique('free'))]
    const warning = critical(unique('owned'))
    warning.labels.severity = 'warning'
    await sendAlerts(alertmanager, [...alerts, warning])
    const to = async ({ labels }: Alert) =>
      (await mails.until(1, labels.alertname ?? ''))[0]?.envelope.to.map(({ address }) => address)
    expect(await Promise.all([...alerts, warning].map(to))).toEqual([
      ['owner@example.com'],
      ['on-duty@vigie.local'],
      ['owner@example.com'],
    ])
  })

  test('secrets lie in files that only their owner reads; changed settings start Alertmanager anew', async () => {
    const folder = join(env.VIGIE_HOME ?? '', 'data', 'alertmanager', 'config')
    expect(statSync(join(folder, 'slack-url')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'alertmanager.yml'), 'utf8')).not.toContain('/slack"')
    const { code } = await vigie(['up'], { ...env, ALERT_EMAIL_TO: 'three@example.com' })
    expect(code).toBe(0)
    const alert = critical(unique('changed'))
    await sendAlerts(alertmanager, [alert])
    const [mail] = await mails.until(1, alert.labels.alertname ?? '')
    expect(mail?.envelope.to.map(({ address }) => address)).toEqual(['three@example.com'])
  })
})
