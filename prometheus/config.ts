import { z } from 'zod'
import { flag, optionalText, port } from '../service/settings.ts'

const address = z.email({ pattern: z.regexes.html5Email, error: 'an e-mail address' })
const url = z
  .url({ protocol: /^https?$/, error: 'an http:// or https:// address' })
  .transform((text) => text.replace(/\/+$/, ''))
/** A duration as Alertmanager reads it; it refuses zero. */
const duration = (byDefault: string) =>
  z
    .string()
    .regex(/^[1-9]\d*(ms|s|m|h|d)$/, 'a duration such as 30s, 5m or 1h')
    .default(byDefault)

/** Who gets a mail when nobody was named: maildev takes any address. */
const LOCAL_ADDRESSEE = 'on-duty@vigie.local'

/** Where alerts are sent, and what the mails link to. */
export const alertSettings = z
  .object({
    ALERT_EMAIL_TO: z
      .string()
      .default(LOCAL_ADDRESSEE)
      .transform((text) => text.split(',').map((each) => each.trim()))
      .pipe(z.array(address))
      .describe('who gets the alerts: one address, or several separated by commas'),
    SMTP_HOST: z
      .string()
      .default('127.0.0.1')
      .describe('the mail server; when unset, maildev catches the mails here and shows them in a browser'),
    SMTP_PORT: port(1025).describe(
      'its port; 587 with an SMTP_HOST, maildev’s own without. 465 speaks TLS from the start',
    ),
    SMTP_USERNAME: optionalText.describe('user name for the mail server'),
    SMTP_PASSWORD: optionalText.describe('password for the mail server').meta({ secret: true }),
    SMTP_FROM: address.default('vigie@vigie.local').describe('the sender of the mails'),
    SMTP_REQUIRE_TLS: flag(false).describe(
      'send nothing unless the connection is encrypted; `true` with an SMTP_HOST, since maildev has no TLS',
    ),
    SLACK_WEBHOOK_URL: url
      .optional()
      .describe('Slack’s incoming webhook: what goes out by mail goes there, too')
      .meta({ secret: true }),
    WATCHDOG_URL: url
      .optional()
      .describe('called once a minute while the alerting works: a dead man’s switch that reports its silence')
      .meta({ secret: true }),
    GRAFANA_URL: url
      .optional()
      .describe('Grafana with Vigie’s dashboards, for the links in mails; Loki’s own API when unset'),
    RUNBOOK_URL: url
      .optional()
      .describe(
        'what to put before a runbook’s path, for the links in mails; when unset they name the path only',
      ),
    ALERTMANAGER_URL: url
      .optional()
      .describe('an Alertmanager elsewhere: the local Loki sends there, and none is started here'),
    ALERT_CRITICAL_INTERVAL: duration('1m').describe(
      'how long after one mail on an incident the next may follow, its resolved mail included',
    ),
    ALERT_DIGEST_WAIT: duration('5m').describe(
      'how long the first warning waits for others to join its mail',
    ),
    ALERT_DIGEST_INTERVAL: duration('1h').describe('how long after one mail of warnings the next may follow'),
  })
  .refine(
    ({ SMTP_HOST, ALERT_EMAIL_TO }) => isLocal(SMTP_HOST) || ALERT_EMAIL_TO.join() !== LOCAL_ADDRESSEE,
    {
      path: ['ALERT_EMAIL_TO'],
      error: 'say who gets the alerts, when SMTP_HOST sends them for real',
    },
  )
export type AlertSettings = z.infer<typeof alertSettings>

const isLocal = (host: string): boolean => host === '127.0.0.1' || host === 'localhost'

/**
 * An environment with the mail server's defaults filled in, which differ: maildev listens on its own
 * port and has no TLS, real servers take mail on port 587 and have it.
 */
export function withMailServer(env: NodeJS.ProcessEnv, maildevPort: number): NodeJS.ProcessEnv {
  const isReal = env.SMTP_HOST !== undefined && env.SMTP_HOST !== ''
  return {
    ...env,
    SMTP_PORT: env.SMTP_PORT || String(isReal ? 587 : maildevPort),
    SMTP_REQUIRE_TLS: env.SMTP_REQUIRE_TLS || String(isReal),
  }
}
