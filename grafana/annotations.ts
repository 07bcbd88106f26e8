import { JOB } from '../log/names.ts'
import { selecting } from '../rules/expressions.ts'
import { type Annotation, LOKI } from './model.ts'
import { SOURCE_FILTERS } from './query.ts'

/** When alerts of a panel changed state; Grafana knows it itself. */
const alertStates: Annotation = {
  name: 'Alerts',
  datasource: { type: 'grafana', uid: '-- Grafana --' },
  enable: true,
  hide: true,
  builtIn: 1,
  type: 'dashboard',
  iconColor: 'rgba(0, 211, 255, 1)',
}

/** When sources went down and when they came back. */
const incidents = (
  name: string,
  event: 'opened' | 'resolved',
  iconColor: string,
  fields: string,
  texts: Pick<Annotation, 'titleFormat' | 'textFormat'>,
): Annotation => ({
  name,
  datasource: LOKI,
  enable: true,
  hide: false,
  iconColor,
  expr: `${selecting(JOB.incidents, [`event="${event}"`, ...SOURCE_FILTERS])} | json ${fields}`,
  // A day with more incidents than this has another problem than its details.
  maxLines: 200,
  tagKeys: 'source,zone',
  ...texts,
})

export const annotations: Annotation[] = [
  alertStates,
  incidents('Incidents opened', 'opened', 'red', 'first_description="first_description"', {
    titleFormat: '{{source}} is down',
    textFormat: '{{first_description}}',
  }),
  incidents('Incidents resolved', 'resolved', 'green', 'downtime_s="downtime_s", failed_runs="failed_runs"', {
    titleFormat: '{{source}} works again',
    textFormat: 'after {{downtime_s}} s and {{failed_runs}} failed runs',
  }),
]
