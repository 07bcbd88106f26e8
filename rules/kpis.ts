import { JOB, LABEL_FIELDS } from '../log/names.ts'
import { duration, selector } from '../loki/logql.ts'

/** A number that people watch: written once, here. */
export type Kpi = {
  id: 'successes' | 'failures' | 'failureRate' | 'p95DurationSeconds'
  title: string
  unit: 'runs' | 'ratio' | 'seconds'
  /** LogQL for the window of that many milliseconds that ends when the query is asked. */
  query: (windowMs: number) => string
  /** What it means when Loki answers with nothing. */
  whenEmpty: string
}

const [STATE] = LABEL_FIELDS
const logs = (labels: Record<string, string> = {}) => selector({ job: JOB.logs, ...labels })
const runs = (windowMs: number, state?: 'SUCCESS' | 'FAILED') =>
  `sum(count_over_time(${logs(state && { [STATE]: state })}[${duration(windowMs)}]))`

export const KPIS: readonly Kpi[] = [
  {
    id: 'successes',
    title: 'Successes',
    unit: 'runs',
    query: (windowMs) => `${runs(windowMs, 'SUCCESS')} or vector(0)`,
    whenEmpty: 'no runs',
  },
  {
    id: 'failures',
    title: 'Failures',
    unit: 'runs',
    query: (windowMs) => `${runs(windowMs, 'FAILED')} or vector(0)`,
    whenEmpty: 'no runs',
  },
  {
    id: 'failureRate',
    title: 'Failure rate',
    unit: 'ratio',
    // Without any run the division has no left side and no right side: nothing, not zero.
    query: (windowMs) => `(${runs(windowMs, 'FAILED')} or ${runs(windowMs)} * 0) / ${runs(windowMs)}`,
    whenEmpty: 'no runs',
  },
  {
    id: 'p95DurationSeconds',
    title: 'p95 duration',
    unit: 'seconds',
    // Only the one field is read from the line: a plain `json` costs a third more.
    query: (windowMs) =>
      `quantile_over_time(0.95, ${logs()} | json duree="duree" | unwrap duree | __error__="" [${duration(windowMs)}]) by (job)`,
    whenEmpty: 'no runs',
  },
]

/** The KPI of that id. */
export function kpi(id: Kpi['id']): Kpi {
  const found = KPIS.find((each) => each.id === id)
  if (found === undefined) throw new Error(`no KPI ${id}`)
  return found
}

/** Every line in a window, whatever its labels, unreadable ones included. */
export const linesInWindow = (windowMs: number): string =>
  `sum(count_over_time(${logs()}[${duration(windowMs)}])) or vector(0)`
