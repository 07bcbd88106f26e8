import { OWN_LOG_LABEL, REASON_LABEL } from '../../log/names.ts'
import { type Alert } from '../alert.ts'
import { ownErrors, runs, type Scope, setAside } from '../expressions.ts'
import { VOLUME } from '../thresholds.ts'

export const volume = (is: 'above' | 'below'): Alert => {
  const hour: Scope = { window: '1h' }
  const ago = (days: number) => runs(hour, [], undefined, `${days}d`)
  // Without runs on the first of those days there is nothing to compare with: a new installation, as a rule.
  const days = Array.from({ length: VOLUME.days - 1 }, (_, index) => `(${ago(index + 1)} or vector(0))`)
  const usual = `((${[...days, ago(VOLUME.days)].join(' + ')}) / ${VOLUME.days})`
  return {
    id: is === 'below' ? '7-volume-en-baisse' : '7-volume-en-hausse',
    file: '7-volume-anormal',
    title: is === 'below' ? 'Fewer runs than usual' : 'More runs than usual',
    severity: 'warning',
    query: `(${runs(hour)} or vector(0)) / (${usual} >= ${VOLUME.expected.value})`,
    condition: { is, threshold: is === 'below' ? VOLUME.least : VOLUME.most },
    unit: 'factor',
    for: '15m',
    pace: 'slow',
    whenEmpty: `fewer than ${VOLUME.expected.value} runs are usual at this hour, or there were none a week ago: nothing to compare with`,
    onError: 'error',
    summary: '{value} times the usual number of runs',
    description: `The last hour had {value} times the usual number of runs: the mean of the same hour in the last ${VOLUME.days} days.`,
    action:
      is === 'below'
        ? 'See which sources are missing: a scheduler that stopped, or logs that do not arrive.'
        : 'See which sources run more: a loop of retries, a backfill, or logs that are sent twice.',
    dashboard: '3-performance-resource',
    panel: 'runsBySource',
  }
}

export const setAsideAlert = (
  id: string,
  job: string,
  severity: 'critical' | 'warning',
  isRejected: boolean,
): Alert => ({
  id,
  file: '9-enregistrements-ecartes',
  title: isRejected ? 'Records were rejected' : 'Loki refused logs',
  severity,
  query: setAside(job, '15m', [REASON_LABEL]),
  condition: { is: 'above', threshold: { value: 0, origin: 'any at all is one too many' } },
  unit: 'records',
  for: '0s',
  pace: 'normal',
  whenEmpty: 'none was set aside',
  onError: 'error',
  summary: isRejected
    ? '{value} records are no logs: {reason}'
    : 'Loki refused pushes of {value} logs: {reason}',
  description: isRejected
    ? '{value} records of the last 15 minutes were no logs ({reason}) and were set aside: their runs are missing in every number.'
    : '{value} logs of the last 15 minutes were in pushes that Loki refused ({reason}) and are on the dead-letter topic: those that Loki did not store are missing in every number.',
  action: isRejected
    ? 'The topic ingestion-logs-rejected holds each record with what is wrong: mend the job that wrote it, or map its fields in vigie.yaml.'
    : 'The topic ingestion-logs-dead-letters holds each with what Loki said: mend the cause (a limit of Loki, as a rule).',
  dashboard: '2-errors-slas',
  panel: isRejected ? 'rejected' : 'deadLetters',
})

export const watchdog: Alert = {
  id: '10-veilleur',
  file: '10-veilleur',
  title: 'The watchdog',
  severity: 'none',
  query: 'vector(1)',
  condition: { is: 'above', threshold: { value: 0, origin: 'always' } },
  unit: 'factor',
  for: '0s',
  pace: 'normal',
  whenEmpty: 'never',
  onError: 'error',
  summary: 'Alerting works',
  description: 'This alert always fires. When whoever receives it no longer does, alerting itself is broken.',
  action:
    'Nothing, while it fires. When it stops: see whether Loki, its ruler or Grafana, and Alertmanager run.',
  dashboard: '1-ingestion-health',
  panel: 'successes',
}

export const inTrouble: Alert = {
  id: '11-vigie-en-difficulte',
  file: '11-vigie-en-difficulte',
  title: 'Vigie is in trouble',
  severity: 'critical',
  // What is stuck is logged again each 5 minutes: the alert goes on for as long as that does.
  query: ownErrors('15m', [OWN_LOG_LABEL.service]),
  condition: { is: 'above', threshold: { value: 0, origin: 'any at all: what mends itself is no error' } },
  unit: 'records',
  for: '0s',
  pace: 'normal',
  whenEmpty: 'no service logged an error, or its logs do not reach Loki (`LOG_TO_LOKI`)',
  onError: 'error',
  summary: 'The {service} is in trouble: errors in its log ({value})',
  description:
    'The log of the {service} has errors of the last 15 minutes ({value}): logs were lost, or a partition is stuck, or there is a defect.',
  action: 'Read what it says, in Loki or by `npx vigie logs`: the runbook has what to do for each message.',
  dashboard: '2-errors-slas',
  panel: 'ownErrors',
}
