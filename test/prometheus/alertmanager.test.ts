import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { alertmanagerConfig, alertmanagerFiles } from '../../prometheus/alertmanager.ts'
import { alertSettings, withMailServer } from '../../prometheus/config.ts'

const settings = (env: NodeJS.ProcessEnv = {}) => alertSettings.parse(withMailServer(env, 1025))
const LOKI = 'http://127.0.0.1:3100'

describe('Alertmanager’s configuration', () => {
  test('routes: critical at once, warnings together, the watchdog to no mailbox, sources to their owners', () => {
    const owners = [{ sources: '^(?:crm|erp)$', address: 'sales@example.com' }]
    const { route, inhibit_rules } = alertmanagerConfig(settings(), owners, '/am')
    const digest = {
      matchers: ['severity="warning"'],
      group_by: ['severity'],
      group_wait: '5m',
      group_interval: '1h',
      repeat_interval: '24h',
    }
    expect(route).toEqual({
      receiver: 'on-duty',
      group_by: ['alertname', 'source'],
      group_wait: '1s',
      group_interval: '1m',
      repeat_interval: '4h',
      routes: [
        {
          receiver: 'watchdog',
          matchers: ['severity="none"'],
          group_wait: '0s',
          group_interval: '1m',
          repeat_interval: '30s',
        },
        { receiver: 'owner-1', matchers: ['source=~"^(?:crm|erp)$"'], routes: [digest] },
        { receiver: 'on-duty', ...digest },
      ],
    })
    expect(inhibit_rules).toEqual([
      { source_matchers: ['alertname="3-silence-totale"'], target_matchers: ['alertname="3-source-muette"'] },
    ])
  })

  test('receivers: every mail and message also says when it is over', () => {
    const env = {
      SLACK_WEBHOOK_URL: 'https://hooks.example.com/x',
      WATCHDOG_URL: 'https://ping.example.com/y',
    }
    const owners = [{ sources: 'crm', address: 'sales@example.com' }]
    const { receivers } = alertmanagerConfig(
      settings({ ...env, ALERT_EMAIL_TO: 'a@x.fr,b@x.fr' }),
      owners,
      '/am',
    )
    expect(receivers).toEqual([
      {
        name: 'on-duty',
        email_configs: [expect.objectContaining({ to: 'a@x.fr, b@x.fr', send_resolved: true })],
        slack_configs: [expect.objectContaining({ api_url_file: '/am/slack-url', send_resolved: true })],
      },
      {
        name: 'owner-1',
        email_configs: [expect.objectContaining({ to: 'sales@example.com', send_resolved: true })],
        slack_configs: [expect.objectContaining({ api_url_file: '/am/slack-url' })],
      },
      { name: 'watchdog', webhook_configs: [{ url_file: '/am/watchdog-url', send_resolved: false }] },
    ])
  })

  test('without Slack and a dead man’s switch there are only mails', () => {
    const { receivers } = alertmanagerConfig(settings(), [], '/am')
    expect(receivers.map((receiver) => Object.keys(receiver))).toEqual([['name', 'email_configs'], ['name']])
  })

  test.each([
    ['smtp.example.com', undefined, 'smtp.example.com:587', true],
    ['smtp.example.com', '465', 'smtp.example.com:465', false],
    ['::1', '2525', '[::1]:2525', true],
  ])('mail server %s, port %s', (host, port, smarthost, startTls) => {
    const env = { SMTP_HOST: host, SMTP_PORT: port, ALERT_EMAIL_TO: 'a@example.com' }
    const { global } = alertmanagerConfig(settings(env), [], '/am')
    expect(global).toMatchObject({ smtp_smarthost: smarthost, smtp_require_tls: startTls })
  })

  test('an address is never read as a template', () => {
    const { receivers } = alertmanagerConfig(
      settings({ ALERT_EMAIL_TO: 'a{{.Status}}@example.com'.replace('.Status', 'x') }),
      [],
      '/am',
    )
    expect(JSON.stringify(receivers)).toContain('a{{ \\"{{\\" }}x}}@example.com')
  })
})

describe('its files', () => {
  const secrets = { SMTP_HOST: 'smtp.example.com', ALERT_EMAIL_TO: 'a@example.com', SMTP_USERNAME: 'me' }

  test('secrets are in files of their own, never in the configuration', () => {
    const env = { ...secrets, SMTP_PASSWORD: 'hunter2', WATCHDOG_URL: 'https://ping.example.com/token' }
    const files = alertmanagerFiles(settings(env), [], LOKI, {}, '/am')
    expect(Object.keys(files)).toEqual(['alertmanager.yml', 'smtp-password', 'watchdog-url'])
    expect(files['smtp-password']).toBe('hunter2')
    expect(files['alertmanager.yml']).not.toMatch(/hunter2|token/)
    expect(parse(files['alertmanager.yml'] ?? '').global).toMatchObject({
      smtp_auth_username: 'me',
      smtp_auth_password_file: '/am/smtp-password',
    })
  })

  test('templates get the addresses as strings that nothing leaves, and keep what else looks like a place', () => {
    const template = `{{ $a := \${LOKI_URL} }}{{ $b := \${GRAFANA_URL} }}{{ reReplaceAll "(.)" "\${1}" . }}`
    const env = { GRAFANA_URL: 'http://g/?a="}}{{.Status}}' }
    const files = alertmanagerFiles(settings(env), [], LOKI, { 'x.tmpl': template }, '/am')
    const url = JSON.stringify(settings(env).GRAFANA_URL)
    expect(files['x.tmpl']).toBe(`{{ $a := "${LOKI}" }}{{ $b := ${url} }}{{ reReplaceAll "(.)" "\${1}" . }}`)
  })
})
