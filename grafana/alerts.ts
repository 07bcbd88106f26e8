import { createHash } from 'node:crypto'
import { type Alert, type AlertFile, PACES } from '../rules/alert.ts'
import { type Unit } from '../rules/kpis.ts'
import { panelOf } from './dashboards.ts'
import { interpolated, textWithoutDollar, withoutDollar } from './dollar.ts'
import { type DashboardId } from './links.ts'
import { LOKI } from './model.ts'

export const ALERTS_FOLDER = 'data-alerts'
const EXPRESSION = { type: '__expr__', uid: '__expr__' } as const
/** Grafana evaluates every 10 s at most, and refuses an interval that is no multiple of that. */
const BASE_INTERVAL_SECONDS = 10

export type Rule = {
  uid: string
  title: string
  condition: 'C'
  for: string
  noDataState: 'OK'
  execErrState: 'Error' | 'OK'
  data: Record<string, unknown>[]
  labels: Record<string, string>
  annotations: Record<string, string>
}
export type RuleGroup = { orgId: 1; name: string; folder: string; interval: string; rules: Rule[] }

/** Eight characters that stand for a text that may be no part of a uid. */
export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

/** The same for the same alert about the same sources, whatever else changes; 40 characters at most. */
export const ruleUid = ({ id, share }: Pick<Alert, 'id' | 'share'>): string =>
  share === undefined ? id : `${id}-${shortHash(share)}`

/**
 * The value that the alert compared, in its unit. `.Values` and `.Labels` are what Grafana's documents call
 * `$values` and `$labels`; written like this they hold no `$` that a provisioning file would lose.
 */
const VALUE: Readonly<Record<Unit, string>> = {
  runs: '{{ printf "%.0f" .Values.B.Value }}',
  records: '{{ printf "%.0f" .Values.B.Value }}',
  ratio: '{{ humanizePercentage .Values.B.Value }}',
  seconds: '{{ humanizeDuration .Values.B.Value }}',
  megabytes: '{{ printf "%.0f" .Values.B.Value }} MB',
  instant: '{{ humanizeTimestamp .Values.B.Value }}',
  factor: '{{ printf "%.1f" .Values.B.Value }}',
}

const templated = (text: string, unit: Unit): string =>
  textWithoutDollar(text).replace(/\{(\w+)\}/g, (whole, name: string, at: number, all: string) => {
    if (all[at - 1] === '{') return whole
    return name === 'value' ? VALUE[unit] : `{{ .Labels.${name} }}`
  })

/** Where the lines are: those of the source that the alert is about, or all that failed. */
function logsLink({ summary, description }: Alert): string {
  const isAboutSource = `${summary}${description}`.includes('{source}')
  const chosen = isAboutSource ? 'var-source={{ urlquery .Labels.source }}' : 'var-etat=FAILED'
  const logs: DashboardId = '4-logs-debugging'
  return `{{ externalURL }}d/${logs}?${chosen}&from=now-24h&to=now`
}

function dataOf({ query, condition: { is, threshold } }: Alert): Record<string, unknown>[] {
  const anyTime = { from: 0, to: 0 }
  const expression = (refId: string, model: Record<string, unknown>) => ({
    refId,
    datasourceUid: EXPRESSION.uid,
    relativeTimeRange: anyTime,
    model: { refId, datasource: EXPRESSION, ...model },
  })
  return [
    {
      refId: 'A',
      queryType: 'instant',
      datasourceUid: LOKI.uid,
      // An instant query is asked at `to`; how far it looks back stands in the query itself.
      relativeTimeRange: { from: 600, to: 0 },
      model: {
        refId: 'A',
        datasource: LOKI,
        editorMode: 'code',
        queryType: 'instant',
        expr: withoutDollar(query),
      },
    },
    expression('B', { type: 'reduce', expression: 'A', reducer: 'last' }),
    expression('C', {
      type: 'threshold',
      expression: 'B',
      conditions: [
        { type: 'query', evaluator: { type: is === 'above' ? 'gt' : 'lt', params: [threshold.value] } },
      ],
    }),
  ]
}

function ruleOf(alert: Alert, runbooks: string): Rule {
  const panelId = panelOf(alert.dashboard, alert.panel)
  return {
    uid: ruleUid(alert),
    title: interpolated(alert.share === undefined ? alert.title : `${alert.title} (${alert.share})`),
    condition: 'C',
    for: alert.for,
    // An empty answer is normal for each of them; the alert on silence is the one that misses logs.
    noDataState: 'OK',
    execErrState: alert.onError === 'error' ? 'Error' : 'OK',
    data: dataOf(alert),
    labels: { severity: alert.severity },
    annotations: {
      summary: templated(alert.summary, alert.unit),
      description: templated(alert.description, alert.unit),
      action: textWithoutDollar(alert.action),
      logs: logsLink(alert),
      runbook_url: `${runbooks}/${alert.file}.md`,
      ...(panelId === undefined ? {} : { __dashboardUid__: alert.dashboard, __panelId__: String(panelId) }),
    },
  }
}

/** An interval that Grafana accepts: whole multiples of its own. */
function intervalOf(pace: Alert['pace']): string {
  const { amount, unit } = /^(?<amount>\d+)(?<unit>[sm])$/.exec(PACES[pace])?.groups ?? {}
  const seconds = Number(amount) * (unit === 'm' ? 60 : 1)
  return `${Math.ceil(seconds / BASE_INTERVAL_SECONDS) * BASE_INTERVAL_SECONDS}s`
}

/** The groups of one file, one for each pace in it; `runbooks` is the address of their folder. */
export function ruleGroups(file: AlertFile, all: readonly Alert[], runbooks: string): RuleGroup[] {
  const here = all.filter((alert) => alert.file === file)
  return [...new Set(here.map(({ pace }) => pace))].map((pace) => ({
    orgId: 1,
    name: `${file}-${pace}`,
    folder: ALERTS_FOLDER,
    interval: intervalOf(pace),
    rules: here.filter((alert) => alert.pace === pace).map((alert) => ruleOf(alert, runbooks)),
  }))
}
