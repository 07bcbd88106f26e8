import { type LokiSettings } from '../../loki/config.ts'
import { configOf, DEFAULT_LIMITS, type LokiLimits, readLimits } from '../../loki/limits.ts'
import { type ShipperSettings } from '../config.ts'
import { type ShipperEvents } from '../events.ts'

export type Limits = { current: () => LokiLimits; close: () => void }

/** Loki may be started anew with others. */
const ASK_AGAIN_MS = 60_000

/** Loki's limits as it tells them; until it does, those of the settings, and its defaults. */
export async function watchLimits(
  loki: LokiSettings,
  settings: ShipperSettings,
  events: Pick<ShipperEvents, 'limitsTold'>,
): Promise<Limits> {
  let current = assumed(settings)
  let seen: string | undefined
  const ask = async (): Promise<void> => {
    const text = await configOf(loki)
    if (text === undefined || text === seen) return
    seen = text
    const told = readLimits(text)
    if (told === undefined || JSON.stringify(told) === JSON.stringify(current)) return
    events.limitsTold(told)
    current = told
  }
  await ask()
  const timer = setInterval(() => void ask(), ASK_AGAIN_MS)
  timer.unref()
  return { current: () => current, close: () => clearInterval(timer) }
}

function assumed(settings: ShipperSettings): LokiLimits {
  const { SHIPPER_MAX_AGE_HOURS: hours } = settings
  return {
    ...DEFAULT_LIMITS,
    maxLineBytes: settings.SHIPPER_MAX_LINE_BYTES ?? DEFAULT_LIMITS.maxLineBytes,
    maxLabels: settings.SHIPPER_MAX_LABELS ?? DEFAULT_LIMITS.maxLabels,
    maxLabelValueBytes: settings.SHIPPER_MAX_LABEL_BYTES ?? DEFAULT_LIMITS.maxLabelValueBytes,
    maxAgeMs: hours === undefined ? DEFAULT_LIMITS.maxAgeMs : hours * 3_600_000,
  }
}
