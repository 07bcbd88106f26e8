import { DEFAULT_LOGS_URI } from '../log/names.ts'
import { vigieError } from '../service/errors.ts'
import { ensureEngines } from '../stack/build.ts'
import { ENGINES, isInstalled } from '../stack/engines.ts'
import { createProgress, heldProgress } from '../stack/progress.ts'
import { SAMPLE_FILE } from '../stack/s3.ts'
import { type ServiceName, type StackContext } from '../stack/service.ts'
import { enginesOf, up } from '../stack/up.ts'
import { withoutGo } from '../stack/without-go.ts'
import { type Settings } from './settings.ts'
import { hasShipper } from './shipping.ts'

/** The way of the alerts: what no number of a replay waits for. */
const ALERT_PARTS: readonly ServiceName[] = ['alertmanager', 'maildev']

/** The parts that a replay starts, and what cannot be had. */
export type Plan = {
  /** What the numbers need, and whatever else needs no building. */
  now: readonly ServiceName[]
  /** The way of the alerts, when Alertmanager has to be built first. */
  alertsLater: readonly ServiceName[]
  /** The local S3 server, when it has to be built first and the sample can be read from its file. */
  s3Later: readonly ServiceName[]
  /** Where the logs are read from: the sample's file where there is no S3 server for it. */
  uri: string
  needsLocalS3: boolean
  /** False where no mail can be sent from here for want of Go. */
  canAlert: boolean
  /** What is done in another way and why, for the user. */
  notice: string | undefined
}

/**
 * What a replay of that URI starts here. Throws TOOL_MISSING when the logs are in the local S3, Go would
 * have to build it, and they are not the sample.
 */
export async function planOf(
  settings: Settings,
  external: ReadonlyMap<ServiceName, string>,
  uri: string,
): Promise<Plan> {
  const needsS3 = uri.startsWith('s3://') && !external.has('s3')
  const names: ServiceName[] = needsS3 ? ['s3'] : []
  // Someone else's Kafka has a tracker of its own, or none: a replay does not need it.
  if (!external.has('kafka')) names.push('kafka', 'tracker')
  for (const name of ['loki', ...ALERT_PARTS] as const) if (!external.has(name)) names.push(name)
  const allExternal = external.has('kafka') && external.has('loki')
  if (!(allExternal && (await hasShipper(settings.kafka)))) names.push('shipper')

  const { names: lacking, howToGetGo } = await withoutGo(names)
  const isSample = uri === DEFAULT_LOGS_URI
  if (lacking.has('s3') && !isSample) throw vigieError('TOOL_MISSING', { tools: `  ${howToGetGo}` })
  const started = names.filter((name) => !lacking.has(name))
  const isMissing = async (name: 'alertmanager' | 'versitygw') => !(await isInstalled(ENGINES[name]))
  const alertsLater = (await isMissing('alertmanager')) ? started.filter(isAlertPart) : []
  const s3Later = isSample && (await isMissing('versitygw')) ? started.filter((name) => name === 's3') : []
  const later = new Set([...alertsLater, ...s3Later])
  const fromFile = needsS3 && (lacking.has('s3') || s3Later.length > 0)
  return {
    now: started.filter((name) => !later.has(name)),
    ...{ alertsLater, s3Later },
    uri: fromFile ? SAMPLE_FILE : uri,
    needsLocalS3: needsS3 && !fromFile,
    canAlert: !lacking.has('alertmanager'),
    notice: lacking.size > 0 ? noticeOf(lacking, howToGetGo) : s3Later.length > 0 ? S3_IS_BUILT : undefined,
  }
}

const isAlertPart = (name: ServiceName): boolean => ALERT_PARTS.includes(name)

const S3_IS_BUILT =
  'The local S3 server is still being built: this first time the sample was read from its file.'

function noticeOf(lacking: ReadonlySet<ServiceName>, howToGetGo: string): string {
  const losses = [
    ...(lacking.has('s3') ? ['the sample is read from its file instead of S3'] : []),
    ...(lacking.has('alertmanager') ? ['no mail is sent'] : []),
  ]
  return `Without Go ${losses.join(', and ')}. ${howToGetGo}`
}

/** What goes on behind a replay, and is shown from the moment that somebody waits for it. */
export type Later = { startAlerts: () => Promise<void>; startS3: () => Promise<void> }

/**
 * Starts what the numbers of a replay need; resolves when it is ready. What has to be built for alerts and
 * for S3 is built meanwhile, one after the other; whoever wants it calls what starts it. Throws what `up` throws.
 */
export async function startParts(context: StackContext, plan: Plan, stop: AbortSignal): Promise<Later> {
  const progress = createProgress()
  try {
    const alerts = behind(context, plan.alertsLater, Promise.resolve(), stop)
    const s3 = behind(context, plan.s3Later, alerts.built, stop)
    if (plan.now.length > 0) await up(context, plan.now, progress, stop)
    return { startAlerts: alerts.start, startS3: s3.start }
  } finally {
    progress.close()
  }
}

/** Builds what these parts run on, once `before` has ended; `start` waits for that and starts them. */
function behind(
  context: StackContext,
  names: readonly ServiceName[],
  before: Promise<void>,
  stop: AbortSignal,
): { built: Promise<void>; start: () => Promise<void> } {
  const held = heldProgress()
  const build = () => ensureEngines(enginesOf(names), held, stop)
  const built = before.then(build, build)
  // Whoever calls `start` is told; until then it is nobody's unhandled rejection.
  built.catch(() => undefined)
  const start = async () => {
    if (names.length === 0) return
    const shown = createProgress()
    try {
      held.showOn(shown)
      await built
      await up(context, names, shown, stop)
    } finally {
      shown.close()
    }
  }
  return { built, start }
}
