import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ALERT } from '../log/names.ts'
import { type Failure } from '../producer/main.ts'
import { elapsed } from '../stack/progress.ts'
import { type ProgressBar } from './progress-bar.ts'

/** Where the alerts go through, and where their mails can be seen. */
export type AlertWay = { alertmanagerUrl: string; mailPageUrl: string }

/** How the newest failure of a replay was noticed. Seconds count from when its log was sent to Kafka. */
export type Detection = {
  source: string
  failedAt: string
  /** When its alert began, if that was before the replay: then nobody is told again. */
  alertedBefore: string | null
  alertSeconds: number | null
  mailSeconds: number | null
  mailPage: string
}

/** Twice what it may take. */
const DEADLINE_MS = 20_000
const POLL_MS = 200
/** The alert looks back five minutes every five seconds: what is older than this may have left its sight. */
const IN_SIGHT_MS = 5 * 60_000 - 10_000

const alertsAnswer = z.array(
  z.object({ labels: z.record(z.string(), z.string()), startsAt: z.iso.datetime({ offset: true }) }),
)
const mailsAnswer = z.array(
  z.object({ headers: z.record(z.string(), z.unknown()), time: z.iso.datetime({ offset: true }) }),
)

async function get<Schema extends z.ZodType>(schema: Schema, url: string): Promise<z.infer<Schema>> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  return schema.parse(await answer.json())
}

/** Since when each source's failures have been alerted: those that are now. */
export async function alertedSources({ alertmanagerUrl }: AlertWay): Promise<Map<string, number>> {
  const filter = new URLSearchParams({ filter: `alertname=${JSON.stringify(ALERT.failed)}` })
  const alerts = await get(alertsAnswer, `${alertmanagerUrl}/api/v2/alerts?${filter}`)
  return new Map(alerts.map(({ labels, startsAt }) => [labels.source ?? '', Date.parse(startsAt)]))
}

/** When the mail on a source's failure was sent, if that was at `fromMs` or later; to the second. */
async function mailedAt(
  { mailPageUrl }: AlertWay,
  source: string,
  fromMs: number,
): Promise<number | undefined> {
  const mails = await get(mailsAnswer, `${mailPageUrl}/email`)
  const mail = mails.find(
    ({ headers, time }) =>
      headers['x-vigie-alert'] === ALERT.failed &&
      headers['x-vigie-source'] === source &&
      headers['x-vigie-status'] === 'firing' &&
      endOfSecond(Date.parse(time)) >= fromMs,
  )
  return mail && endOfSecond(Date.parse(mail.time))
}

/** A mail's own time has whole seconds. */
const endOfSecond = (ms: number): number => Math.floor(ms / 1000) * 1000 + 999

/**
 * Waits until the newest failure of a replay is alerted and mailed, 20 s at most. Undefined when there is
 * none that the alert can see. `before` is what was alerted before the replay.
 */
export async function detect(
  way: AlertWay,
  failure: Failure | undefined,
  before: ReadonlyMap<string, number>,
  bar: ProgressBar,
  stop: AbortSignal,
): Promise<Detection | undefined> {
  const startMs = Date.now()
  if (failure === undefined) return undefined
  const { source, endMs, sentMs } = failure
  // Alertmanager may have been built since: what the alert could see when it was sent is told even now.
  if (endMs > startMs || sentMs - endMs > IN_SIGHT_MS) return undefined
  const earlier = before.get(source)
  const detection: Detection = {
    source,
    failedAt: new Date(endMs).toISOString(),
    alertedBefore: earlier === undefined ? null : new Date(earlier).toISOString(),
    alertSeconds: null,
    mailSeconds: null,
    mailPage: way.mailPageUrl,
  }
  if (earlier !== undefined) return detection
  const wait = async (step: string, probe: () => Promise<number | undefined>): Promise<number | null> => {
    while (!stop.aborted) {
      // Who does not answer has nothing to tell: that ends in the sentence on what was missed.
      const atMs = await probe().catch(() => undefined)
      bar.show(step, atMs === undefined ? 0 : 1, 1)
      if (atMs !== undefined) return Math.max(0, atMs - sentMs) / 1000
      if (Date.now() - startMs > DEADLINE_MS) return null
      await sleep(POLL_MS)
    }
    return null
  }
  detection.alertSeconds = await wait('alert', async () => (await alertedSources(way)).get(source))
  if (detection.alertSeconds === null) return detection
  detection.mailSeconds = await wait('e-mail', async () => {
    const atMs = await mailedAt(way, source, sentMs)
    return atMs && Math.min(atMs, Date.now())
  })
  return detection
}

/** The line for people. What was missed is a warning, not an error: the numbers above it are right. */
export function detectionLine(detection: Detection): { text: string; isWarning: boolean } {
  const { source, failedAt, alertedBefore, alertSeconds, mailSeconds, mailPage } = detection
  const time = (iso: string) => iso.slice(11, 19)
  const after = (seconds: number) => `after ${elapsed(seconds * 1000)}`
  const start = `FAILED in ${source} at ${time(failedAt)}`
  if (alertedBefore !== null)
    return {
      text: `${start} · was already alerted at ${time(alertedBefore)} · ${mailPage}`,
      isWarning: false,
    }
  const patience = `within ${DEADLINE_MS / 1000} s`
  if (alertSeconds === null)
    return { text: `${start} · no alert ${patience}: see \`vigie logs loki\``, isWarning: true }
  const alert = `${start} · alert ${after(alertSeconds)}`
  if (mailSeconds === null)
    return { text: `${alert} · no e-mail ${patience}: see \`vigie logs alertmanager\``, isWarning: true }
  return { text: `${alert} · e-mail ${after(mailSeconds)} · ${mailPage}`, isWarning: false }
}
