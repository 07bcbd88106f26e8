import { expect } from '@jest/globals'
import { type PanelQuery } from '../../grafana/dashboards.ts'
import { type View } from './expand.ts'
import { type Incident, type Numbers, OF_INCIDENTS, OF_RUNS, type Run } from './numbers.ts'

export type Data = { runs: Run[]; incidents: Incident[]; rejected: number; view: View }

const DAY_MS = 86_400_000

type Chosen = { source?: string; entreprise?: string; zone?: string; etat?: string }
const isChosen = ({ choices }: View, item: Chosen, labels: readonly (keyof Chosen)[]): boolean =>
  labels.every((label) => {
    const chosen = choices[label]
    return chosen === undefined || chosen === 'all' || chosen.includes(item[label] ?? '')
  })
const BY_SOURCE = ['source', 'entreprise', 'zone'] as const
const BY_ALL = [...BY_SOURCE, 'etat'] as const

/** The panels whose numbers follow the choice of outcome as well. */
const FOLLOWS_OUTCOME = /duration|memory|CPU|over time$|Runs|^p\d\d$/
const IGNORES_OUTCOME = new Set(['Failure rate over time'])

const closeTo = (numbers: Numbers): Record<string, unknown> =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, expect.closeTo(value, 6)]))

/** What the panel has to show, computed from the file alone. */
export function answersOf({ panel, legend, kind }: PanelQuery, data: Data, stepMs: number): unknown {
  const { view } = data
  const within = (atMs: number, fromMs: number, toMs: number) => atMs > fromMs && atMs <= toMs
  if (kind === 'logs') return linesOf(panel, data)
  if (panel === 'Rejected records') return { '': data.rejected }
  if (panel === 'Dead letters' || panel === 'Errors of Vigie') return { '': 0 }
  const ofIncidents = OF_INCIDENTS[panel]
  if (ofIncidents !== undefined) {
    const fromMs = panel === 'Down now, since' ? 0 : view.fromMs
    const seen = data.incidents.filter(
      (each) => isChosen(view, each, BY_SOURCE) && within(each.atMs, fromMs, view.toMs),
    )
    return closeTo(ofIncidents(seen))
  }
  const name = panel.startsWith('Peak memory') && legend === 'Max memory' ? 'Max memory of a run' : panel
  const ofRuns = OF_RUNS[name] ?? OF_RUNS[legend ?? '']
  if (ofRuns === undefined) throw new Error(`the test does not know what “${panel}” has to show`)
  const followsOutcome =
    (FOLLOWS_OUTCOME.test(panel) || FOLLOWS_OUTCOME.test(legend ?? '')) && !IGNORES_OUTCOME.has(panel)
  const runs = data.runs.filter((run) => isChosen(view, run, followsOutcome ? BY_ALL : BY_SOURCE))
  if (kind === 'instant') {
    const isLast = /^(Last run|Freshness)/.test(panel)
    const fromMs = isLast ? view.toMs - 7 * DAY_MS : view.fromMs
    return closeTo(
      ofRuns(
        runs.filter(({ endMs }) => within(endMs, fromMs, view.toMs)),
        view.toMs,
      ),
    )
  }
  const series: Record<string, Record<string, unknown>> = {}
  const windowMs = panel.startsWith('Runs per 5 minutes') ? 300_000 : stepMs
  for (let atMs = view.fromMs; atMs <= view.toMs; atMs += stepMs) {
    const seen = runs.filter(({ endMs }) => within(endMs, atMs - windowMs, atMs))
    for (const [key, value] of Object.entries(closeTo(ofRuns(seen, atMs))))
      series[key] = { ...series[key], [atMs]: value }
  }
  return series
}

/** The rows of a table of lines, the newest first. */
function linesOf(panel: string, { runs, incidents, view }: Data): unknown[] {
  const isSeen = (atMs: number) => atMs >= view.fromMs && atMs < view.toMs
  if (panel === 'Incidents')
    return incidents
      .filter((each) => isChosen(view, each, BY_SOURCE) && isSeen(each.atMs))
      .sort((a, b) => b.atMs - a.atMs)
      .map(({ atMs, ...event }) => ({ ...event, at: new Date(atMs).toISOString() }))
  const isErrors = panel === 'Last errors'
  return runs
    .filter((run) => isChosen(view, run, isErrors ? BY_SOURCE : BY_ALL) && isSeen(run.endMs))
    .filter(({ etat }) => !isErrors || etat === 'FAILED')
    .filter((run) => isErrors || new RegExp(view.search, 'i').test(JSON.stringify(run)))
    .sort((a, b) => b.endMs - a.endMs)
    .map(({ startMs, endMs, ...log }) => ({
      ...log,
      debut: new Date(startMs).toISOString(),
      fin: new Date(endMs).toISOString(),
    }))
}
