import { JOB } from '../log/names.ts'
import {
  BY_SOURCE,
  failureRate,
  incidentMeasured,
  lastRuns,
  measured,
  openIncidents,
  ownErrors,
  runs,
  runsOrZero,
  type Scope,
  selecting,
  setAside,
} from './expressions.ts'
import { DEFAULT_SLO, FAILURE_RATE_CRITICAL, LIMITS, MTTR_SECONDS, type Threshold } from './thresholds.ts'

/** What a number counts in; `instant` is ms since 1970, `factor` has no unit. */
export type Unit = 'runs' | 'records' | 'ratio' | 'seconds' | 'megabytes' | 'instant' | 'factor'

/** A number that people watch: written once, here. */
export type Kpi = {
  id: string
  title: string
  unit: Unit
  /** LogQL that is asked at one instant, over the scope's window before it. */
  query: (scope: Scope) => string
  /** The label that tells its series apart; one number over everything when absent. */
  by?: string
  /** Which way is bad; neither for numbers that only inform. */
  bad?: 'high' | 'low'
  warning?: Threshold
  critical?: Threshold
  /** What it means when Loki answers with nothing. */
  whenEmpty: string
  /** For whoever reads the number: what it is, what moves it, what to do with it. */
  about: string
}

const NO_RUNS = 'no runs'
const NO_INCIDENTS = 'no incidents'
const bySource = [BY_SOURCE]

/** What the numbers of a run are limited by, wherever they are shown. */
const DURATION = {
  unit: 'seconds',
  bad: 'high',
  warning: LIMITS.durationSeconds,
  whenEmpty: NO_RUNS,
} as const
const MEMORY = { unit: 'megabytes', bad: 'high', warning: LIMITS.memoryMb, whenEmpty: NO_RUNS } as const
const CPU = { unit: 'seconds', bad: 'high', warning: LIMITS.cpuSeconds, whenEmpty: NO_RUNS } as const

const CATALOGUE = {
  successes: {
    title: 'Successes',
    unit: 'runs',
    query: (scope) => runsOrZero(scope, [], 'SUCCESS'),
    whenEmpty: NO_RUNS,
    about: 'Runs that ended with SUCCESS in the time shown.',
  },
  failures: {
    title: 'Failures',
    unit: 'runs',
    query: (scope) => runsOrZero(scope, [], 'FAILED'),
    bad: 'high',
    critical: { value: 1, origin: 'the alert rules that Vigie replaces: one FAILED is enough' },
    whenEmpty: NO_RUNS,
    about:
      'Runs that ended with FAILED in the time shown. Each is worth a look: the table of last errors says what they said.',
  },
  failureRate: {
    title: 'Failure rate',
    unit: 'ratio',
    query: (scope) => failureRate(scope),
    bad: 'high',
    warning: LIMITS.failureRate,
    critical: FAILURE_RATE_CRITICAL,
    whenEmpty: NO_RUNS,
    about:
      'Failed runs out of all runs. Without any run there is no rate: the panel says so instead of showing a reassuring zero.',
  },
  failureRateBySource: {
    title: 'Failure rate by source',
    unit: 'ratio',
    query: (scope) => failureRate(scope, bySource),
    by: BY_SOURCE,
    bad: 'high',
    warning: LIMITS.failureRate,
    critical: FAILURE_RATE_CRITICAL,
    whenEmpty: NO_RUNS,
    about:
      'Failed runs out of all runs of each source: whether a high rate is one broken source or something they share.',
  },
  availabilityBySource: {
    title: 'Availability by source',
    unit: 'ratio',
    query: (scope) => `1 - (${failureRate(scope, bySource)})`,
    by: BY_SOURCE,
    bad: 'low',
    warning: { value: DEFAULT_SLO, origin: 'what the limit of the failure rate leaves' },
    whenEmpty: NO_RUNS,
    about: 'Successful runs out of all runs of each source, to be compared with its objective.',
  },
  p50DurationSeconds: {
    title: 'p50 duration',
    ...DURATION,
    query: (scope) => measured(0.5, 'duree', scope),
    about:
      'Half of the runs took no longer than this. When it moves, everything has become slower, not only the worst runs.',
  },
  p95DurationSeconds: {
    title: 'p95 duration',
    ...DURATION,
    query: (scope) => measured(0.95, 'duree', scope),
    about: '95 of 100 runs took no longer than this. The alert on latency watches this number.',
  },
  p99DurationSeconds: {
    title: 'p99 duration',
    ...DURATION,
    query: (scope) => measured(0.99, 'duree', scope),
    about: '99 of 100 runs took no longer than this: the slowest runs, where time-outs show first.',
  },
  p95DurationBySource: {
    title: 'p95 duration by source',
    ...DURATION,
    query: (scope) => measured(0.95, 'duree', scope, BY_SOURCE),
    by: BY_SOURCE,
    about:
      '95 of 100 runs of each source took no longer than this. Sources differ in what they do: compare a source with itself, not with others.',
  },
  runsBySource: {
    title: 'Runs by source',
    unit: 'runs',
    query: (scope) => runs(scope, bySource),
    by: BY_SOURCE,
    whenEmpty: NO_RUNS,
    about: 'How many runs of each source ended. A source that stops shows as a line that ends.',
  },
  runsByState: {
    title: 'Runs by outcome',
    unit: 'runs',
    query: (scope) => runs(scope, ['etat']),
    by: 'etat',
    whenEmpty: NO_RUNS,
    about:
      'SUCCESS and FAILED over time: when failures began, and whether they came with more or fewer runs.',
  },
  p95CpuSeconds: {
    title: 'p95 CPU time',
    ...CPU,
    query: (scope) => measured(0.95, 'cpu', scope),
    about: 'CPU seconds that 95 of 100 runs stayed within, as the runs themselves measured it.',
  },
  maxCpuSeconds: {
    title: 'Max CPU time',
    ...CPU,
    query: (scope) => measured('max', 'cpu', scope),
    about: 'CPU seconds of the hungriest run. Above the limit the alert on resources fires for its source.',
  },
  p95MemoryMb: {
    title: 'p95 memory',
    ...MEMORY,
    query: (scope) => measured(0.95, 'memoire', scope),
    about: 'Peak memory that 95 of 100 runs stayed within, as the runs themselves measured it.',
  },
  maxMemoryMb: {
    title: 'Max memory',
    ...MEMORY,
    query: (scope) => measured('max', 'memoire', scope),
    about: 'Peak memory of the largest run. Above the limit the alert on resources fires for its source.',
  },
  lastRunBySource: {
    title: 'Last run by source',
    unit: 'instant',
    query: lastRuns,
    by: BY_SOURCE,
    bad: 'low',
    whenEmpty: NO_RUNS,
    about: `When each source was last heard of: its freshness. A source without a cadence of its own is late after ${LIMITS.silenceMinutes.value} minutes.`,
  },
  mttrSeconds: {
    title: 'MTTR',
    unit: 'seconds',
    query: (scope) => incidentMeasured('avg', 'resolved', 'downtime_s', scope),
    bad: 'high',
    ...MTTR_SECONDS,
    whenEmpty: NO_INCIDENTS,
    about:
      'Mean time to recovery: from the first FAILED of a source to its next SUCCESS, averaged over the incidents that were resolved in the time shown.',
  },
  mtbfSeconds: {
    title: 'MTBF',
    unit: 'seconds',
    query: (scope) => incidentMeasured('avg', 'opened', 'up_s', scope),
    bad: 'low',
    whenEmpty: NO_INCIDENTS,
    about: 'Mean time between failures: how long sources stayed up between two incidents.',
  },
  detectSeconds: {
    title: 'Time to detect',
    unit: 'seconds',
    query: (scope) => incidentMeasured('avg', 'opened', 'detect_s', scope),
    bad: 'high',
    whenEmpty: NO_INCIDENTS,
    about:
      'From the end of the failed run until Kafka got its log. Replayed old logs are detected when they are replayed, so they show large values here.',
  },
  openIncidents: {
    title: 'Open incidents',
    unit: 'instant',
    query: (scope) => openIncidents(scope),
    by: BY_SOURCE,
    whenEmpty: 'no open incidents',
    about:
      'The sources that are down now, and since when: their last run FAILED and no SUCCESS has followed.',
  },
  errorBudgetBurn: {
    title: 'Error budget burn',
    unit: 'factor',
    query: (scope) => `(${failureRate(scope, bySource)}) / ${(1 - DEFAULT_SLO).toFixed(4)}`,
    by: BY_SOURCE,
    bad: 'high',
    warning: { value: 1, origin: 'by definition: at 1 the budget lasts exactly its month' },
    whenEmpty: NO_RUNS,
    about: `How many times faster than sustainable each source fails: 1 uses the error budget of ${Math.round((1 - DEFAULT_SLO) * 100)} % up exactly, 2 in half the time. Sources with an objective of their own are alerted by that one.`,
  },
  rejected: {
    title: 'Rejected records',
    unit: 'records',
    query: ({ window }) => `${setAside(JOB.rejected, window)} or vector(0)`,
    bad: 'high',
    warning: { value: 1, origin: 'each is a run that no number counts' },
    whenEmpty: 'none',
    about:
      'Input that was no log and was set aside with the reason. Those runs are missing in every other number.',
  },
  deadLetters: {
    title: 'Dead letters',
    unit: 'records',
    query: ({ window }) => `${setAside(JOB.deadLetters, window)} or vector(0)`,
    bad: 'high',
    critical: { value: 1, origin: 'each is a log that Loki refused' },
    whenEmpty: 'none',
    about:
      'Logs in pushes that Loki refused, kept on a topic of their own. Those that Loki did not store are missing in every other number until somebody sends them again.',
  },
  ownErrors: {
    title: 'Errors of Vigie',
    unit: 'records',
    query: ({ window }) => `${ownErrors(window)} or vector(0)`,
    bad: 'high',
    critical: { value: 1, origin: 'each is something that does not mend itself' },
    whenEmpty: 'none',
    about:
      'Errors that Vigie’s own services logged: logs that were lost, partitions that are stuck, defects. Until they are seen to, logs may be missing in every other number.',
  },
} as const satisfies Record<string, Omit<Kpi, 'id'>>

export type KpiId = keyof typeof CATALOGUE

/** Every KPI, in the order in which they are documented. */
export const KPIS: readonly Kpi[] = Object.entries(CATALOGUE).map(([id, rest]) => ({ id, ...rest }))

/** The KPI of that id. */
export const kpi = (id: KpiId): Kpi => ({ id, ...CATALOGUE[id] })

/** Every line in a window, whatever its labels, unreadable ones included. */
export const linesInWindow = ({ window }: Scope): string =>
  `sum(count_over_time(${selecting(JOB.logs)}[${window}])) or vector(0)`
