import { describe, expect, test } from '@jest/globals'
import { alertSettings, withMailServer } from '../../prometheus/config.ts'
import { settingsFrom } from '../../service/settings.ts'

const read = (env: NodeJS.ProcessEnv) => settingsFrom(alertSettings, withMailServer(env, 1025))

describe('the settings of the alerts', () => {
  test('catch mails here when nothing is set', () => {
    expect(read({})).toMatchObject({
      ALERT_EMAIL_TO: ['on-duty@vigie.local'],
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: 1025,
      SMTP_REQUIRE_TLS: false,
    })
  })

  test('a real server: port 587, encrypted, unless said otherwise', () => {
    const real = { SMTP_HOST: 'smtp.example.com', ALERT_EMAIL_TO: 'a@example.com, b@example.com' }
    expect(read(real)).toMatchObject({
      ALERT_EMAIL_TO: ['a@example.com', 'b@example.com'],
      SMTP_PORT: 587,
      SMTP_REQUIRE_TLS: true,
    })
    expect(read({ ...real, SMTP_PORT: '25', SMTP_REQUIRE_TLS: 'false' })).toMatchObject({
      SMTP_PORT: 25,
      SMTP_REQUIRE_TLS: false,
    })
  })

  test('a real server needs to know whom to write to', () => {
    expect(() => read({ SMTP_HOST: 'smtp.example.com' })).toThrow(/ALERT_EMAIL_TO.*say who gets the alerts/)
  })

  test.each([
    [{ ALERT_EMAIL_TO: 'nobody' }, /ALERT_EMAIL_TO.*an e-mail address/],
    [{ ALERT_EMAIL_TO: 'a@example.com,' }, /ALERT_EMAIL_TO.*an e-mail address/],
    [{ ALERT_EMAIL_TO: 'a@example.com\r\nBcc: b@example.com' }, /ALERT_EMAIL_TO.*an e-mail address/],
    [{ SMTP_FROM: 'Vigie' }, /SMTP_FROM.*an e-mail address/],
    [{ GRAFANA_URL: 'javascript:alert(1)' }, /GRAFANA_URL.*http:\/\//],
    [{ ALERT_DIGEST_WAIT: '5' }, /ALERT_DIGEST_WAIT.*a duration such as/],
    [{ ALERT_CRITICAL_INTERVAL: '0s' }, /ALERT_CRITICAL_INTERVAL.*a duration such as/],
  ])('%j is refused', (env, sentence) => {
    expect(() => read(env)).toThrow(sentence)
  })

  test('secrets stay out of what is said', () => {
    expect(() => read({ SLACK_WEBHOOK_URL: 'hooks.slack.com/T0/secret' })).toThrow(
      /SLACK_WEBHOOK_URL = \(secret\)/,
    )
  })
})
