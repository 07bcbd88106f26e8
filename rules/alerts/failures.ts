import { ALERT } from '../../log/names.ts'
import { type Alert } from '../alert.ts'
import { BY_SOURCE, failureRate, openIncidents, runs, type Scope } from '../expressions.ts'
import { named, type Share } from '../sources.ts'
import { BURN, INCIDENT_OPEN_MINUTES, LEAST_FAILURES, LIMITS } from '../thresholds.ts'

/** How far back incidents are looked for; who is down for longer than a month is known by then. */
const INCIDENTS_WINDOW = '30d'
/** The same for an alert that is evaluated every few seconds: a week of incidents costs a fourth. */
const RECENT_INCIDENTS_WINDOW = '7d'
const onSource = `on (${BY_SOURCE})`

export const failed: Alert = {
  id: ALERT.failed,
  file: '1-echec-detecte',
  title: 'A run failed',
  severity: 'critical',
  // The open incident keeps one alert firing for as long as the source is down, however rarely it runs.
  query: `${runs({ window: '5m' }, [BY_SOURCE], 'FAILED')} or ${onSource} (${openIncidents({ window: RECENT_INCIDENTS_WINDOW })} > bool 0)`,
  condition: {
    is: 'above',
    threshold: { value: 0, origin: 'the alert rules that Vigie replaces: one FAILED in 5 minutes' },
  },
  unit: 'runs',
  for: '0s',
  pace: 'fast',
  whenEmpty: 'no run failed, or there was none: silence is an alert of its own',
  onError: 'error',
  summary: '{source} failed',
  description: 'A run of {source} failed in the last 5 minutes, or earlier and none has succeeded since.',
  action:
    'Read the last error, mend its cause, and run the job again. This ends with its next SUCCESS, 5 minutes after the last failure at the earliest.',
  dashboard: '1-ingestion-health',
  panel: 'failures',
  quotesLastError: true,
}

export const highFailureRate: Alert = {
  id: '2-taux-echec-eleve',
  file: '2-taux-echec-eleve',
  title: 'High failure rate',
  severity: 'warning',
  query: failureRate({ window: '15m' }),
  condition: { is: 'above', threshold: LIMITS.failureRate },
  unit: 'ratio',
  for: '1m',
  pace: 'normal',
  whenEmpty: 'no runs in 15 minutes: there is no rate',
  onError: 'error',
  summary: '{value} of all runs fail',
  description: `{value} of the runs of the last 15 minutes ended with FAILED; ${LIMITS.failureRate.value * 100} % are tolerated.`,
  action:
    'See by source whether one fails or all do. If all do, look first at what they share: network, database, credentials.',
  dashboard: '2-errors-slas',
  panel: 'failureRate',
}

/** A generous objective would put the limit above 1, which no rate exceeds. */
const ALMOST_ALL = 0.9

export const burning = (id: string, pace: 'fast' | 'slow', share: Share<number>): Alert => {
  const { value: factor, long, short, origin } = BURN[pace]
  const budget = 1 - share.value
  const scope = (window: string): Scope => ({ window, matchers: share.matchers })
  // Both windows: the long one that it matters, the short one that it goes on. And enough failures.
  const limit = Number(Math.min(factor * budget, ALMOST_ALL).toFixed(6))
  const rate = (window: string) => `(${failureRate(scope(window), [BY_SOURCE])})`
  const enough = `${runs(scope(long), [BY_SOURCE], 'FAILED')} >= ${LEAST_FAILURES.value}`
  return {
    id,
    file: '6-budget-erreurs',
    ...named(share),
    title: pace === 'fast' ? 'The error budget burns fast' : 'The error budget burns',
    severity: pace === 'fast' ? 'critical' : 'warning',
    query: `${rate(long)} and ${onSource} (${rate(short)} > ${limit}) and ${onSource} (${enough})`,
    condition: {
      is: 'above',
      threshold: {
        value: limit,
        origin: `${factor} times the budget of ${Number(budget.toFixed(6))}; ${origin}`,
      },
    },
    unit: 'ratio',
    for: '2m',
    pace: 'normal',
    whenEmpty: 'no source fails often enough',
    onError: 'error',
    summary: '{source} uses up its error budget',
    description: `{value} of the runs of {source} failed in the last ${long}: more than ${factor} times as many as its objective of ${Number((share.value * 100).toFixed(4))} % allows in the long run.`,
    action:
      'It has failed for a while and still does: read its last errors. If the objective is wrong for this source, declare another in vigie.yaml.',
    dashboard: '2-errors-slas',
    panel: 'errorBudgetBurn',
    quotesLastError: true,
  }
}

export const lastingIncident: Alert = {
  id: '8-incident-prolonge',
  file: '8-incident-prolonge',
  title: 'A source stays down',
  severity: 'critical',
  query: `${openIncidents({ window: INCIDENTS_WINDOW }, `${INCIDENT_OPEN_MINUTES.value}m`)} / 1000`,
  condition: { is: 'above', threshold: { value: 0, origin: INCIDENT_OPEN_MINUTES.origin } },
  unit: 'instant',
  for: '0s',
  pace: 'normal',
  whenEmpty: 'no incident is open for that long',
  onError: 'error',
  summary: `{source} has been down for more than ${INCIDENT_OPEN_MINUTES.value} minutes`,
  description: 'The incident of {source} has been open since {value}: no run has succeeded since.',
  action: 'Whoever works on it may need help: escalate. If nobody does, the first alert was missed.',
  dashboard: '2-errors-slas',
  panel: 'openIncidents',
  quotesLastError: true,
}
