import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { annotations } from '../../grafana/annotations.ts'
import { type PanelQuery, panelQueries } from '../../grafana/dashboards.ts'
import { type IncidentEvent, incidentEventSchema } from '../../log/incident.ts'
import { type LogLine } from '../../log/line.ts'
import { JOB } from '../../log/names.ts'
import { type LokiSettings } from '../../loki/config.ts'
import { selector } from '../../loki/logql.ts'
import { encoded, push } from '../../loki/push.ts'
import { nanoseconds, queryInstant, queryLines, queryRange } from '../../loki/query.ts'
import { type Declaration } from '../../rules/sources.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { expand, intervalMs, legendOf, type View } from '../grafana/expand.ts'
import { answersOf, type Data } from '../grafana/expected.ts'
import { ownStackEnv, settings, vigie } from './harness.ts'

const HOUR_MS = 3_600_000
const FILE: LogLine[] = JSON.parse(
  readFileSync(join(PROJECT_ROOT, 'producer', 'sample', 'logs.json'), 'utf8'),
)
const endMs = ({ fin }: Pick<LogLine, 'fin'>) => Date.parse(fin)
const newestMs = Math.max(...FILE.map(endMs))

/** Incidents of sources in the file, at minutes before its newest log. */
const incident = (
  event: IncidentEvent['event'],
  source: string,
  minutesAgo: number,
  more: Partial<IncidentEvent>,
): { agoMs: number; event: IncidentEvent } => ({
  agoMs: minutesAgo * 60_000,
  event: {
    event,
    at: '',
    incident: `${source}-${minutesAgo}`,
    source,
    entreprise: FILE.find((log) => log.source === source)?.entreprise ?? '',
    zone: FILE.find((log) => log.source === source)?.zone ?? '',
    opened_at: new Date(newestMs).toISOString(),
    detect_s: 4,
    failed_runs: 2,
    first_description: 'could not connect',
    ...more,
  },
})
const INCIDENTS = [
  incident('opened', 'crm', 600, { detect_s: 2 }),
  incident('resolved', 'crm', 540, { downtime_s: 3_600, resolved_at: new Date(newestMs).toISOString() }),
  incident('opened', 'erp', 500, { detect_s: 10, up_s: 7_200 }),
  incident('resolved', 'erp', 490, { downtime_s: 600, resolved_at: new Date(newestMs).toISOString() }),
  incident('opened', 'crm', 30, { detect_s: 6, up_s: 30_600 }),
]
const REJECTED = 3

/** What the reader looks at: everything for a day, one source, two sources for the last hours, a search. */
const all = { source: 'all', entreprise: 'all', zone: 'all', etat: 'all' } as const
const VIEWS: [string, number, View['choices'], string][] = [
  ['everything', 24, all, ''],
  ['one source', 24, { ...all, source: ['crm'] }, ''],
  ['two sources, the last eight hours', 8, { ...all, source: ['crm', 'data-lake'] }, ''],
  ['one zone, only what failed', 24, { ...all, zone: ['eu-west'], etat: ['FAILED'] }, ''],
  ['a search', 24, all, 'http 5\\d\\d|ROWS'],
  ['nothing', 24, { ...all, source: ['nobody'] }, ''],
]
const DECLARED: Declaration[] = [{ match: 'c*', every: 2 * HOUR_MS, slo: 0.9 }]

describe('each panel, on a Loki that holds the sample', () => {
  const env: Record<string, string> = {}
  let loki: LokiSettings = settings.loki
  /** How much later than in the file everything is. */
  let shiftMs = 0
  afterAll(() => vigie(['down', '--volumes'], env))

  beforeAll(async () => {
    // The incidents are this test's own: those that the tracker finds are not shipped.
    Object.assign(env, await ownStackEnv(), { SHIPPER_SIDE_TOPICS: 'false' })
    loki = { ...loki, LOKI_URL: `http://127.0.0.1:${env.VIGIE_LOKI_PORT}` }
    const { code, stderr } = await vigie(['replay', '--json'], env)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const nowNs = nanoseconds(Date.now() + 60_000)
    const stored = await queryLines(
      loki,
      selector({ job: JOB.logs }),
      nowNs - nanoseconds(30 * HOUR_MS),
      nowNs,
    )
    expect(stored).toHaveLength(FILE.length)
    shiftMs = Math.max(...stored.map(({ line }) => endMs(JSON.parse(line) as LogLine))) - newestMs
    await pushOthers()
  }, 120_000)

  async function pushOthers(): Promise<void> {
    const entry = (atMs: number, line: object) => ({
      seconds: Math.floor(atMs / 1_000),
      nanos: (atMs % 1_000) * 1_000_000,
      line: Buffer.from(JSON.stringify(line)),
    })
    const streams = INCIDENTS.map(({ agoMs, event }) => {
      const atMs = newestMs + shiftMs - agoMs
      const { source, entreprise, zone } = event
      const line = incidentEventSchema.parse({ ...event, at: new Date(atMs).toISOString() })
      const labels = { job: JOB.incidents, event: event.event, source, entreprise, zone }
      return { labels: selector(labels), entries: [entry(atMs, line)] }
    })
    const rejected = {
      labels: selector({ job: JOB.rejected, reason: 'json' }),
      entries: Array.from({ length: REJECTED }, (_, index) =>
        entry(newestMs + shiftMs - index * 1_000, { index }),
      ),
    }
    const { body } = encoded([...streams, rejected])
    expect(await push(loki, body, 10_000)).toMatchObject({ name: 'stored' })
  }

  const dataFor = (view: View): Data => ({
    runs: FILE.map((log) => ({
      ...log,
      endMs: endMs(log) + shiftMs,
      startMs: Date.parse(log.debut) + shiftMs,
    })),
    incidents: INCIDENTS.map(({ agoMs, event }) => ({ ...event, atMs: newestMs + shiftMs - agoMs })),
    rejected: REJECTED,
    view,
  })

  async function answerOf(query: PanelQuery, view: View, stepMs: number): Promise<unknown> {
    const expr = expand(query.expr, view, stepMs)
    const name = (labels: Record<string, string>) =>
      query.legend === undefined ? '' : legendOf(query.legend, labels)
    if (query.kind === 'instant') {
      const samples = await queryInstant(loki, expr, nanoseconds(view.toMs))
      return Object.fromEntries(samples.map(({ labels, value }) => [name(labels), value]))
    }
    if (query.kind === 'range') {
      const series = await queryRange(loki, expr, view.fromMs, view.toMs, stepMs)
      return Object.fromEntries(
        series.map(({ labels, values }) => [
          name(labels),
          Object.fromEntries(values.map(({ atMs, value }) => [atMs, value])),
        ]),
      )
    }
    const lines = await queryLines(
      loki,
      expr,
      nanoseconds(view.fromMs),
      nanoseconds(view.toMs),
      query.maxLines,
    )
    // Each stream of the answer is sorted; the panel sorts them all.
    return lines.toSorted((a, b) => Number(b.timestampNs - a.timestampNs)).map(({ line }) => JSON.parse(line))
  }

  describe.each(VIEWS)('%s', (_, hours, choices, search) => {
    const view = (): View => {
      const toMs = newestMs + shiftMs + 1_000
      return { fromMs: toMs - hours * HOUR_MS, toMs, choices, search }
    }

    test.each(
      panelQueries(DECLARED).map(
        (query, index) => [`${query.dashboard}: ${query.panel} (${index})`, query] as const,
      ),
    )('%s', async (_name, query) => {
      const stepMs = intervalMs(view(), query.maxDataPoints ?? 1_000, query.intervalMs ?? 0)
      const expected = answersOf(query, dataFor(view()), stepMs)
      expect(await answerOf(query, view(), stepMs)).toEqual(expected)
    })
  })

  test.each(annotations.filter(({ expr }) => expr !== undefined).map(({ name, expr = '' }) => [name, expr]))(
    'the marks “%s”',
    async (name, expr) => {
      const toMs = newestMs + shiftMs + 1_000
      const view: View = {
        fromMs: toMs - 24 * HOUR_MS,
        toMs,
        choices: { ...all, source: ['crm'] },
        search: '',
      }
      const marks = await queryLines(loki, expand(expr, view, 0), nanoseconds(view.fromMs), nanoseconds(toMs))
      const event = name.endsWith('opened') ? 'opened' : 'resolved'
      const wanted = INCIDENTS.filter(({ event: each }) => each.event === event && each.source === 'crm')
      expect(marks.map(({ timestampNs }) => timestampNs)).toEqual(
        wanted.map(({ agoMs }) => nanoseconds(newestMs + shiftMs - agoMs)),
      )
      for (const { labels } of marks)
        expect(labels).toMatchObject(
          event === 'opened'
            ? { source: 'crm', first_description: 'could not connect' }
            : { source: 'crm', downtime_s: '3600', failed_runs: '2' },
        )
    },
  )
})
