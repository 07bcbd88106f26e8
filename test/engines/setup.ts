import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings, stackContext } from '../../cli/settings.ts'
import { identityOf } from '../../loki/identity.ts'
import { ensureEngines } from '../../stack/build.ts'
import { createProgress } from '../../stack/progress.ts'
import { up } from '../../stack/up.ts'
import { reservedPort } from './ports.ts'

/** The variables that would point the tests at somebody's real engines. */
const FOREIGN =
  /^(KAFKA_|LOKI_|AWS_(?!CA_BUNDLE)|LOGS_URI|VIGIE_|METRICS_|TRACKER_|SHIPPER_|PRODUCER_|RECORD_|LOG_|SMTP_|ALERT|SLACK_|WATCHDOG_|GRAFANA_|RUNBOOK_)/

/**
 * Starts real engines for all the engine tests, on free ports, in a folder of their own. As Loki answers the
 * embedded store, or the `loki` program that is found here.
 */
export default async function setup(_config: unknown, which?: 'program'): Promise<void> {
  const program = process.env.VIGIE_LOKI_PROGRAM
  for (const name of Object.keys(process.env)) if (FOREIGN.test(name)) delete process.env[name]
  if (which === 'program' && program !== undefined) process.env.VIGIE_LOKI_PROGRAM = program
  if (which !== 'program') process.env.VIGIE_LOKI = 'embedded'
  const [s3, kafka, controller, loki, lokiGrpc, alertmanager, smtp, mailPage, metrics, trackerMetrics] =
    await Promise.all(Array.from({ length: 10 }, () => reservedPort()))
  Object.assign(process.env, {
    VIGIE_HOME: mkdtempSync(join(tmpdir(), 'vigie-test-')),
    VIGIE_S3_PORT: String(s3),
    VIGIE_KAFKA_PORT: String(kafka),
    VIGIE_KAFKA_CONTROLLER_PORT: String(controller),
    VIGIE_LOKI_PORT: String(loki),
    VIGIE_LOKI_GRPC_PORT: String(lokiGrpc),
    VIGIE_ALERTMANAGER_PORT: String(alertmanager),
    VIGIE_SMTP_PORT: String(smtp),
    VIGIE_MAIL_PAGE_PORT: String(mailPage),
    METRICS_PORT: String(metrics),
    TRACKER_METRICS_PORT: String(trackerMetrics),
    // Some machine of the tests may have a Docker engine.
    VIGIE_ENGINE: 'native',
    NO_COLOR: '1',
  })
  const progress = createProgress()
  process.stderr.write('\n')
  try {
    const context = stackContext(readSettings(process.env), process.env)
    const never = new AbortController().signal
    await ensureEngines(['alertmanager', 'docker-check'], progress, never)
    await up(context, ['s3', 'kafka', 'loki'], progress, never)
    process.stderr.write(`As Loki answers: ${(await identityOf(context.loki)) ?? 'nobody who says who'}\n`)
  } finally {
    progress.close()
  }
}
