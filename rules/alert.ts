import { type KpiId, type Unit } from './kpis.ts'
import { type Threshold } from './thresholds.ts'

export const SEVERITIES = ['critical', 'warning', 'none'] as const
export type Severity = (typeof SEVERITIES)[number]

/**
 * How often an alert is evaluated: what one evaluation costs decides (`vigie rules cost`). `fast` looks at
 * minutes, `slow` at days.
 */
export const PACES = { fast: '5s', normal: '1m', slow: '5m' } as const
export type Pace = keyof typeof PACES

/** The files that alerts are rendered to; each has a page in docs/runbooks. */
export const ALERT_FILES = [
  '1-echec-detecte',
  '2-taux-echec-eleve',
  '3-source-muette',
  '4-latence-degradee',
  '5-surconsommation-ressources',
  '6-budget-erreurs',
  '7-volume-anormal',
  '8-incident-prolonge',
  '9-enregistrements-ecartes',
  '10-veilleur',
  '11-vigie-en-difficulte',
] as const
export type AlertFile = (typeof ALERT_FILES)[number]

/** Something that people are told of: written once, in `alerts.ts`. */
export type Alert = {
  /** The name under which it fires. */
  id: string
  file: AlertFile
  /** The sources that it is about, when they declared something of their own: `data-lake`, `crm-*`. */
  share?: string
  title: string
  severity: Severity
  /** LogQL; each series of its answer is an alert of its own. */
  query: string
  condition: { is: 'above' | 'below'; threshold: Threshold }
  /** Of the query's value; an `instant` is in s since 1970 here, as templates want it. */
  unit: Unit
  /** How long the condition has to hold, as a LogQL duration. */
  for: string
  pace: Pace
  /** What an empty answer means. No logs is not zero, so each says so. */
  whenEmpty: string
  /** What Grafana makes of an evaluation that fails; the ruler only logs and counts those. */
  onError: 'error' | 'ok'
  /** Texts with `{source}` and other labels, and `{value}` in its unit. */
  summary: string
  description: string
  /** What to do, in a sentence or two. */
  action: string
  /** Where to look. */
  dashboard: string
  panel: KpiId
  /** True when the mail should quote what the source's last failed run said. */
  quotesLastError?: boolean
}
