import { type Kpi, type Unit } from '../rules/kpis.ts'
import { type Colour, type FieldConfig, type Override, type Step } from './model.ts'

/** Grafana's names of units. `decmbytes` counts in 10⁶ bytes, as the contract does. */
const UNITS: Readonly<Record<Unit, { unit: string; decimals?: number }>> = {
  runs: { unit: 'short', decimals: 0 },
  records: { unit: 'short', decimals: 0 },
  ratio: { unit: 'percentunit', decimals: 2 },
  seconds: { unit: 's', decimals: 2 },
  megabytes: { unit: 'decmbytes', decimals: 1 },
  instant: { unit: 'dateTimeFromNow' },
  factor: { unit: 'suffix:×', decimals: 2 },
}

/** The outcomes have the same colours everywhere. */
export const OUTCOME_COLOURS = { SUCCESS: 'green', FAILED: 'red' } as const satisfies Record<string, Colour>

export const outcomeOverrides: Override[] = Object.entries(OUTCOME_COLOURS).map(([state, fixedColor]) => ({
  matcher: { id: 'byName', options: state },
  properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
}))

/** The bands of a KPI, from the lowest value up. A number that only informs has no colour. */
export function stepsOf({ bad, warning, critical }: Kpi): Step[] {
  if (warning === undefined && critical === undefined) return [{ color: 'text', value: null }]
  const limits = [
    ...(warning === undefined ? [] : [{ color: 'orange' as const, value: warning.value }]),
    ...(critical === undefined ? [] : [{ color: 'red' as const, value: critical.value }]),
  ]
  if (bad === 'high') return [{ color: 'green', value: null }, ...limits]
  const upwards = limits.toSorted((a, b) => a.value - b.value)
  return [
    { color: upwards[0]?.color ?? 'text', value: null },
    ...upwards.map(({ value }, index) => ({ color: upwards[index + 1]?.color ?? ('green' as const), value })),
  ]
}

/**
 * How a KPI looks wherever it is shown. Grafana gives a missing value the colour of the lowest band,
 * which is often green: the mapping takes that away and says what an empty answer means.
 */
export function looks(kpi: Kpi): FieldConfig {
  return {
    ...UNITS[kpi.unit],
    noValue: kpi.whenEmpty,
    color: { mode: 'thresholds' },
    thresholds: { mode: 'absolute', steps: stepsOf(kpi) },
    mappings: [
      {
        type: 'special',
        options: { match: 'null+nan', result: { text: kpi.whenEmpty, color: 'text', index: 0 } },
      },
    ],
  }
}

const described = (kpi: Kpi): string[] => {
  const limits = (['warning', 'critical'] as const).flatMap((level) => {
    const threshold = kpi[level]
    return threshold === undefined ? [] : [`${level} from ${threshold.value} (${threshold.origin})`]
  })
  return limits.length === 0 ? [] : [`Limits: ${limits.join('; ')}.`]
}

/** What the reader is told: what the number is, what nothing means, and where its limits come from. */
export const descriptionOf = (kpi: Kpi, more: readonly string[] = []): string =>
  [kpi.about, ...more, `Without data it says “${kpi.whenEmpty}”.`, ...described(kpi)].join('\n\n')
