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
  /** What the numbers need, and the way of the alerts where nothing of it has to be built. */
  now: readonly ServiceName[]
  /** The way of the alerts, when Alertmanager has to be built first. */
  later: readonly ServiceName[]
  /** Where the logs are read from: the sample's file where there is no S3 server for it. */
  uri: string
  needsLocalS3: boolean
  /** False where no mail can be sent from here for want of Go. */
  canAlert: boolean
  /** What is missing and how to get it, for the user. */
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
  const lacksS3 = lacking.has('s3')
  if (lacksS3 && uri !== DEFAULT_LOGS_URI) throw vigieError('TOOL_MISSING', { tools: `  ${howToGetGo}` })
  const started = names.filter((name) => !lacking.has(name))
  const mustBuild = started.includes('alertmanager') && !(await isInstalled(ENGINES.alertmanager))
  const isLater = (name: ServiceName) => mustBuild && ALERT_PARTS.includes(name)
  return {
    now: started.filter((name) => !isLater(name)),
    later: started.filter(isLater),
    uri: lacksS3 ? SAMPLE_FILE : uri,
    needsLocalS3: needsS3 && !lacksS3,
    canAlert: !lacking.has('alertmanager'),
    notice: lacking.size === 0 ? undefined : noticeOf(lacking, howToGetGo),
  }
}

function noticeOf(lacking: ReadonlySet<ServiceName>, howToGetGo: string): string {
  const losses = [
    ...(lacking.has('s3') ? ['the sample is read from its file instead of S3'] : []),
    ...(lacking.has('alertmanager') ? ['no mail is sent'] : []),
  ]
  return `Without Go ${losses.join(', and ')}. ${howToGetGo}`
}

/** What goes on behind a replay: building Alertmanager, then starting the way of the alerts. */
export type Later = { finish: () => Promise<void> }

/**
 * Starts what the numbers of a replay need; resolves when it is ready. The way of the alerts is built
 * meanwhile and started by `finish`, which shows how far that is. Throws what `up` throws.
 */
export async function startParts(context: StackContext, plan: Plan, stop: AbortSignal): Promise<Later> {
  const progress = createProgress()
  try {
    await ensureEngines(enginesOf(plan.now), progress, stop)
    const held = heldProgress()
    const built = plan.later.length > 0 ? ensureEngines(['alertmanager'], held, stop) : Promise.resolve()
    // Whoever calls `finish` is told; until then it is nobody's unhandled rejection.
    built.catch(() => undefined)
    if (plan.now.length > 0) await up(context, plan.now, progress, stop)
    return {
      async finish() {
        if (plan.later.length === 0) return
        const shown = createProgress()
        try {
          held.showOn(shown)
          await built
          await up(context, plan.later, shown, stop)
        } finally {
          shown.close()
        }
      },
    }
  } finally {
    progress.close()
  }
}
