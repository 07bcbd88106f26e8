import { type incidentEventSchema } from '../log/incident.ts'
import { type State } from '../log/line.ts'
import { JOB, LABEL_FIELDS, OWN_LOG_LABEL } from '../log/names.ts'
import { quoted } from '../loki/logql.ts'

/**
 * What a query looks at: the window, as a LogQL duration or a macro of Grafana (`5m`, `$__range`), further
 * matchers inside the stream selector (`source=~"crm|erp"`), and stages after it (` | day="Monday"`).
 */
export type Scope = { window: string; matchers?: readonly string[]; stages?: string }

const [STATE_LABEL, SOURCE_LABEL] = LABEL_FIELDS
/** The label by which sources are told apart. */
export const BY_SOURCE = SOURCE_LABEL

export const selecting = (job: string, matchers: readonly string[] = []): string =>
  `{${[`job=${quoted(job)}`, ...matchers].join(', ')}}`

const ofRuns = ({ matchers = [], stages = '' }: Scope, state?: State): string => {
  // A line that could not be read has no state: it is no run.
  const states = state === undefined ? `${STATE_LABEL}=~".+"` : `${STATE_LABEL}=${quoted(state)}`
  return `${selecting(JOB.logs, [states, ...matchers])}${stages}`
}

/** `sum by (…)`, or `sum` of everything. */
export const sum = (expression: string, by: readonly string[] = []): string =>
  by.length === 0 ? `sum(${expression})` : `sum by (${by.join(', ')}) (${expression})`

/** A range in LogQL, perhaps moved back: `[5m]`, `[5m] offset 1h`. */
const range = (window: string, offset?: string): string =>
  offset === undefined ? `[${window}]` : `[${window}] offset ${offset}`

/** How many runs ended in the window, with that outcome or any. Nothing when there were none. */
export const runs = (scope: Scope, by: readonly string[] = [], state?: State, offset?: string): string => {
  return sum(`count_over_time(${ofRuns(scope, state)}${range(scope.window, offset)})`, by)
}

/**
 * The runs of one outcome, but 0 instead of nothing as long as there were runs of the other. Each
 * line is read once.
 */
export const runsOrZero = (scope: Scope, by: readonly string[], state: State): string => {
  const other = state === 'SUCCESS' ? 'FAILED' : 'SUCCESS'
  return `(${runs(scope, by, state)} or ${runs(scope, by, other)} * 0)`
}

/** The share of runs that failed. Nothing, not zero, when there were no runs. */
export const failureRate = (scope: Scope, by: readonly string[] = []): string =>
  `${runsOrZero(scope, by, 'FAILED')} / ${runs(scope, by)}`

/** The fields of a log line that are numbers, with the unit of each in the contract. */
export type Measure = 'duree' | 'cpu' | 'memoire'
/** `0.95` for the 95th percentile; `max` and `avg` as they are called. */
export type Statistic = number | 'max' | 'avg'

/** A range aggregation over one number of each line; lines without it are left out, not an error. */
function aggregated(statistic: Statistic, lines: string, field: string, window: string, by: string): string {
  // Only the one field is read from the line: a plain `json` costs a third more. `unwrap` fails the
  // whole query at the first line without that number, unless such lines are left out after it.
  // Loki 3.7 makes an average of a sum and a count, and counts the lines without that number as well.
  const having = statistic === 'avg' ? ` | ${field}!=""` : ''
  const numbers = `${lines} | json ${field}="${field}"${having} | unwrap ${field} | __error__="" [${window}]`
  const call =
    typeof statistic === 'number'
      ? `quantile_over_time(${statistic}, ${numbers})`
      : `${statistic}_over_time(${numbers})`
  // Without `by` each combination of labels would be a series of its own.
  return `${call} by (${by})`
}

/** A statistic of a field over the runs of the window, over all of them or by a label. */
export const measured = (statistic: Statistic, field: Measure, scope: Scope, by = 'job'): string =>
  aggregated(statistic, ofRuns(scope), field, scope.window, by)

/** The newest entry's time per source, in ms since 1970. */
const newest = (lines: string, over: string): string =>
  `max_over_time(${lines} | label_format ts=\`{{ __timestamp__ | unixEpochMillis }}\` | unwrap ts | __error__="" ${over}) by (${BY_SOURCE})`

/** When the last run of each source ended, in ms since 1970. */
export const lastRuns = (scope: Scope): string => newest(ofRuns(scope), range(scope.window))

type IncidentNumber = Extract<keyof typeof incidentEventSchema.shape, `${string}_s`>

const ofIncidents = (event: 'opened' | 'resolved', { matchers = [] }: Scope): string =>
  selecting(JOB.incidents, [`event=${quoted(event)}`, ...matchers])

/** A statistic of a number in the events of incidents. */
export const incidentMeasured = (
  statistic: Statistic,
  event: 'opened' | 'resolved',
  field: IncidentNumber,
  scope: Scope,
  by = 'job',
): string => aggregated(statistic, ofIncidents(event, scope), field, scope.window, by)

/**
 * The sources with an incident that is open, opened at least `ago` before now; the value is when it
 * was opened, in ms since 1970. The newest events tell: one series a source, however many incidents.
 */
export function openIncidents(scope: Scope, ago?: string): string {
  const opened = newest(ofIncidents('opened', scope), range(scope.window, ago))
  const resolved = newest(ofIncidents('resolved', scope), range(scope.window))
  return `(${opened} unless on (${BY_SOURCE}) (${resolved} >= on (${BY_SOURCE}) ${opened}))`
}

/** How many entries of a job there are, by why they were set aside. */
export const setAside = (job: string, window: string, by: readonly string[] = []): string =>
  sum(`count_over_time(${selecting(job)}[${window}])`, by)

/** How many errors Vigie's own services logged. */
export const ownErrors = (window: string, by: readonly string[] = []): string => {
  const lines = selecting(JOB.vigie, [`${OWN_LOG_LABEL.level}=${quoted('error')}`])
  return sum(`count_over_time(${lines}[${window}])`, by)
}
