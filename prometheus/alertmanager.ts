import { stringify } from 'yaml'
import { ALERT } from '../log/names.ts'
import { type AlertSettings } from './config.ts'

/** Whose sources they are: their alerts go to that address instead of ALERT_EMAIL_TO. */
export type Owner = {
  /** An anchored RE2 expression over the names of the sources. */
  sources: string
  address: string
}

/** What the links in a mail begin with; each empty when there is none. */
type Links = Readonly<Record<'GRAFANA_URL' | 'LOKI_URL' | 'RUNBOOK_URL', string>>

/** Files beside the configuration that hold secrets, by what they hold. */
const SECRET_FILES = { smtp: 'smtp-password', slack: 'slack-url', watchdog: 'watchdog-url' } as const

const RECEIVER = { onDuty: 'on-duty', watchdog: 'watchdog' } as const
const ownerReceiver = (index: number): string => `owner-${index + 1}`

/**
 * Critical alerts go out at once. One second is enough for what fails in the same evaluation to share a
 * mail (Loki sends it in one request, Alertmanager takes it one by one), and costs a second of the ten
 * that a mail may take. Four hours is Alertmanager's own default.
 */
const AT_ONCE = { group_wait: '1s', repeat_interval: '4h' }
/** What still warns is worth a reminder a day. */
const DIGEST_REPEAT = '24h'
/**
 * A call a minute. To repeat after half of that is what makes it each minute: Alertmanager looks once per
 * interval, and would find a full minute not quite over every other time.
 */
const HEARTBEAT = { group_wait: '0s', group_interval: '1m', repeat_interval: '30s' }

/** Text as it stands in a place that Alertmanager reads as a template. */
const literal = (text: string): string => text.replaceAll('{{', '{{ "{{" }}')

const matcher = (label: string, operator: '=' | '=~', value: string): string =>
  `${label}${operator}${JSON.stringify(value)}`

/** One mail, and with Slack one message. */
function peopleReceiver(name: string, addresses: readonly string[], settings: AlertSettings, folder: string) {
  const email = {
    to: literal(addresses.join(', ')),
    send_resolved: true,
    headers: {
      From: literal(`Vigie <${settings.SMTP_FROM}>`),
      Subject: '{{ template "vigie.subject" . }}',
      // RFC 3834: keeps "I am out of office" answers away.
      'Auto-Submitted': 'auto-generated',
      // For the filters of a mailbox.
      'X-Vigie-Alert': '{{ template "vigie.line" .CommonLabels.alertname }}',
      'X-Vigie-Source': '{{ template "vigie.line" .CommonLabels.source }}',
      'X-Vigie-Status': '{{ .Status }}',
    },
    html: '{{ template "vigie.mail.html" . }}',
    text: '{{ template "vigie.mail.text" . }}',
  }
  const slack = {
    api_url_file: `${folder}/${SECRET_FILES.slack}`,
    send_resolved: true,
    username: 'Vigie',
    color: '{{ template "vigie.colour" . }}',
    title: '{{ template "vigie.slack.title" . }}',
    title_link: '{{ with index .Alerts 0 }}{{ template "vigie.logs.url" . }}{{ end }}',
    fallback: '{{ template "vigie.slack.title" . }}',
    text: '{{ template "vigie.slack.text" . }}',
  }
  return {
    name,
    email_configs: [email],
    ...(settings.SLACK_WEBHOOK_URL === undefined ? {} : { slack_configs: [slack] }),
  }
}

function watchdogReceiver(settings: AlertSettings, folder: string) {
  if (settings.WATCHDOG_URL === undefined) return { name: RECEIVER.watchdog }
  const webhook = { url_file: `${folder}/${SECRET_FILES.watchdog}`, send_resolved: false }
  return { name: RECEIVER.watchdog, webhook_configs: [webhook] }
}

function routes(settings: AlertSettings, owners: readonly Owner[]) {
  const digest = {
    matchers: [matcher('severity', '=', 'warning')],
    group_by: ['severity'],
    group_wait: settings.ALERT_DIGEST_WAIT,
    group_interval: settings.ALERT_DIGEST_INTERVAL,
    repeat_interval: DIGEST_REPEAT,
  }
  return [
    { receiver: RECEIVER.watchdog, matchers: [matcher('severity', '=', 'none')], ...HEARTBEAT },
    ...owners.map(({ sources }, index) => ({
      receiver: ownerReceiver(index),
      matchers: [matcher('source', '=~', sources)],
      routes: [digest],
    })),
    { receiver: RECEIVER.onDuty, ...digest },
  ]
}

/**
 * Alertmanager's configuration. `folder` is where Alertmanager finds it, the templates and the files of
 * secrets. Pure.
 */
export function alertmanagerConfig(settings: AlertSettings, owners: readonly Owner[], folder: string) {
  const { SMTP_HOST: host, SMTP_PORT: port, SMTP_USERNAME, SMTP_PASSWORD } = settings
  const login = {
    ...(SMTP_USERNAME === undefined ? {} : { smtp_auth_username: SMTP_USERNAME }),
    ...(SMTP_PASSWORD === undefined ? {} : { smtp_auth_password_file: `${folder}/${SECRET_FILES.smtp}` }),
  }
  return {
    global: {
      smtp_smarthost: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      smtp_from: literal(settings.SMTP_FROM),
      // On port 465 the connection is encrypted before SMTP begins; Alertmanager would ask for it again.
      smtp_require_tls: settings.SMTP_REQUIRE_TLS && port !== 465,
      ...login,
    },
    templates: [`${folder}/*.tmpl`],
    route: {
      receiver: RECEIVER.onDuty,
      group_by: ['alertname', 'source'],
      ...AT_ONCE,
      group_interval: settings.ALERT_CRITICAL_INTERVAL,
      routes: routes(settings, owners),
    },
    inhibit_rules: [
      {
        source_matchers: [matcher('alertname', '=', ALERT.allSilent)],
        target_matchers: [matcher('alertname', '=', ALERT.sourceSilent)],
      },
    ],
    receivers: [
      peopleReceiver(RECEIVER.onDuty, settings.ALERT_EMAIL_TO, settings, folder),
      ...owners.map(({ address }, index) =>
        peopleReceiver(ownerReceiver(index), [address], settings, folder),
      ),
      watchdogReceiver(settings, folder),
    ],
  }
}

/** Fills in the `${NAME}` of a template, each with a string of Go's: no value can leave its quotes. Pure. */
const linked = (template: string, links: Links): string =>
  template.replace(/\$\{(\w+)\}/g, (whole, name: string) =>
    name in links ? JSON.stringify(links[name as keyof Links]) : whole,
  )

/**
 * Every file that Alertmanager needs, by its name in `folder`: the configuration, the templates (given as
 * they are in this folder, by name), and the secrets that are set, each in a file of its own. Pure.
 */
export function alertmanagerFiles(
  settings: AlertSettings,
  owners: readonly Owner[],
  lokiUrl: string,
  templates: Readonly<Record<string, string>>,
  folder: string,
): Record<string, string> {
  const links: Links = {
    GRAFANA_URL: settings.GRAFANA_URL ?? '',
    LOKI_URL: lokiUrl,
    RUNBOOK_URL: settings.RUNBOOK_URL ?? '',
  }
  const secrets: [string, string | undefined][] = [
    [SECRET_FILES.smtp, settings.SMTP_PASSWORD],
    [SECRET_FILES.slack, settings.SLACK_WEBHOOK_URL],
    [SECRET_FILES.watchdog, settings.WATCHDOG_URL],
  ]
  return {
    'alertmanager.yml': stringify(alertmanagerConfig(settings, owners, folder)),
    ...Object.fromEntries(Object.entries(templates).map(([name, text]) => [name, linked(text, links)])),
    ...Object.fromEntries(secrets.filter(([, value]) => value !== undefined)),
  }
}
