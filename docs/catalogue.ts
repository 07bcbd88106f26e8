import { ALERT_FILES, type Alert, PACES } from '../rules/alert.ts'
import { alerts } from '../rules/alerts.ts'
import { DEFAULT_GRACE_MS } from '../rules/cadence.ts'
import { KPIS, type Kpi, kpi, type Unit } from '../rules/kpis.ts'
import { DEFAULT_SLO, LIMITS, type Threshold } from '../rules/thresholds.ts'
import { codeBlock, table } from './markdown.ts'

/** What Loki answers with, for each unit. */
const UNITS: Readonly<Record<Unit, string>> = {
  runs: 'runs',
  records: 'records',
  ratio: 'share, 0 to 1',
  seconds: 'seconds',
  megabytes: 'MB',
  instant: 'time, in ms since 1970',
  factor: 'factor',
}

/** A number as people write it: `2 %`, `10 s`, `150 MB`. */
function amount(value: number, unit: Unit): string {
  if (unit === 'ratio') return `${Number((value * 100).toFixed(4))} %`
  const number = value.toLocaleString('en')
  if (unit === 'factor' || unit === 'instant') return number
  if (unit === 'seconds') return `${number} s`
  return `${number} ${value === 1 ? UNITS[unit].replace(/s$/, '') : UNITS[unit]}`
}

const conditionOf = ({ condition: { is, threshold }, unit }: Alert): string =>
  // Every time is above 0.
  unit === 'instant' ? 'there is an answer' : `the answer is ${is} ${amount(threshold.value, unit)}`

/** The labels that tell its alerts apart: those that its texts name. */
const labelsOf = ({ summary, description }: Alert): string[] => {
  const names = [...`${summary} ${description}`.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  return [...new Set(names)].filter((name) => name !== 'value')
}

const alertDescribed = (alert: Alert): string => {
  const labels = labelsOf(alert).map((name) => `\`${name}\``)
  const facts = table(
    ['alert', `\`${alert.id}\`: ${alert.title}`],
    [
      ['severity', `\`${alert.severity}\``],
      ['fires when', conditionOf(alert)],
      ['threshold from', alert.condition.threshold.origin],
      ['for', alert.for === '0s' ? '`0s`: at once' : `\`${alert.for}\` without a break`],
      ['evaluated', `every \`${PACES[alert.pace]}\``],
      ['one alert', labels.length === 0 ? 'for everything together' : `for each ${labels.join(', ')}`],
      ['no answer means', alert.whenEmpty],
      ['look at', `dashboard \`${alert.dashboard}\`, panel “${kpi(alert.panel).title}”`],
    ],
  )
  return `${facts}\n\n${codeBlock('logql', alert.query)}`
}

/** What the catalogue says of the alerts of one file, for sources that declared nothing. */
export function alertFileDescribed(file: string): string {
  const here = alerts().filter((alert) => alert.file === file)
  if (here.length === 0) throw new Error(`no alert is in the file ${file}`)
  return here.map(alertDescribed).join('\n\n')
}

/** Every alert, with its page. */
export const alertsTable = (): string =>
  table(
    ['alert', 'severity', 'says', 'page'],
    ALERT_FILES.flatMap((file) =>
      alerts()
        .filter((alert) => alert.file === file)
        .map(({ id, severity, title }) => [`\`${id}\``, severity, title, `[${file}](${file}.md)`]),
    ),
  )

const limitOf = (threshold: Threshold | undefined, { bad, unit }: Kpi): string =>
  threshold === undefined
    ? ''
    : `${bad === 'low' ? 'below' : 'from'} ${amount(threshold.value, unit)} (${threshold.origin})`

/** Every KPI. */
export const kpisTable = (): string =>
  table(
    ['id', 'title', 'answers with', 'what it is', 'warning', 'critical', 'no answer means'],
    KPIS.map((each) => [
      `\`${each.id}\``,
      each.title,
      each.by === undefined ? UNITS[each.unit] : `${UNITS[each.unit]}, by \`${each.by}\``,
      each.about,
      limitOf(each.warning, each),
      limitOf(each.critical, each),
      each.whenEmpty,
    ]),
  )

/** The LogQL of every KPI, over five minutes. */
export const kpiQueries = (): string =>
  KPIS.map(({ id, query }) => `### \`${id}\`\n\n${codeBlock('logql', query({ window: '5m' }))}`).join('\n\n')

/** What holds for a source that declared nothing. */
export const undeclaredTable = (): string =>
  table(
    ['what', 'without a declaration', 'from'],
    [
      ['silent after', `${LIMITS.silenceMinutes.value} minutes without a run`, LIMITS.silenceMinutes.origin],
      ['`grace`', `${DEFAULT_GRACE_MS / 60_000} minutes`, 'what an hourly job then has: 75 minutes'],
      ['`slo`', amount(DEFAULT_SLO, 'ratio'), 'what the limit of the failure rate leaves'],
      ['`limits.duration_s`', amount(LIMITS.durationSeconds.value, 'seconds'), LIMITS.durationSeconds.origin],
      ['`limits.memory_mb`', amount(LIMITS.memoryMb.value, 'megabytes'), LIMITS.memoryMb.origin],
      ['`limits.cpu_s`', amount(LIMITS.cpuSeconds.value, 'seconds'), LIMITS.cpuSeconds.origin],
      ['`owner`', '`ALERT_EMAIL_TO`', 'a setting'],
    ],
  )
