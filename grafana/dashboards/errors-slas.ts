import { type Declaration } from '../../rules/sources.ts'
import { type DashboardSource } from '../dashboard.ts'
import { budgetBurn, lateness } from '../declared.ts'
import { toLogs } from '../links.ts'
import { chartPanel, numberPanel, rankingPanel } from '../panels.ts'
import { incidentLines, instant } from '../query.ts'
import { linesTable } from '../tables.ts'

const failedRuns = toLogs('The logs of the failed runs', { etat: 'FAILED' })
/** As far back as the alerts look: an incident that is older was told of then. */
const OPEN_INCIDENTS_WINDOW = '30d'
/** As far back as the alert on silence looks: a source that nobody heard of for longer is gone. */
const KNOWN_SOURCES_WINDOW = '7d'

/** Who is down or silent, how long it takes to recover, and what is left of the error budget? */
export const errorsAndSlas = (declarations: readonly Declaration[]): DashboardSource => ({
  uid: '2-errors-slas',
  title: '2 · Errors and SLAs',
  description: 'Who is down or silent, how long does recovery take, and what is left of the error budget?',
  refresh: '5m',
  panels: [
    numberPanel('failureRate', { id: 1, at: [0, 0, 4, 4], links: [failedRuns] }),
    numberPanel('mttrSeconds', { id: 2, at: [4, 0, 4, 4], links: [] }),
    numberPanel('mtbfSeconds', { id: 3, at: [8, 0, 4, 4], links: [] }),
    numberPanel('detectSeconds', { id: 4, at: [12, 0, 3, 4], links: [] }),
    numberPanel('rejected', { id: 5, at: [15, 0, 3, 4], links: [] }),
    numberPanel('deadLetters', { id: 6, at: [18, 0, 3, 4], links: [] }),
    numberPanel('ownErrors', { id: 15, at: [21, 0, 3, 4], links: [] }),
    rankingPanel('openIncidents', {
      id: 7,
      at: [0, 4, 8, 8],
      title: 'Down now, since',
      query: instant('openIncidents', OPEN_INCIDENTS_WINDOW),
      first: 'smallest',
      more: [
        `The longest first, whatever the time shown: incidents of the ${OPEN_INCIDENTS_WINDOW} before its end.`,
      ],
      // Whoever is in this list is down.
      as: { critical: { value: 0, origin: 'whoever is listed is down' } },
    }),
    linesTable(
      incidentLines(200),
      [
        { field: 'at', name: 'At', as: 'time', width: 180 },
        { field: 'event', name: 'Event', as: 'outcome', width: 90 },
        { field: 'source', name: 'Source', as: 'text', width: 140 },
        { field: 'downtime_s', name: 'Downtime', as: 'seconds', width: 110 },
        { field: 'failed_runs', name: 'Failed runs', as: 'number', width: 100 },
        { field: 'last_description', name: 'Last description', as: 'text' },
      ],
      {
        id: 8,
        at: [8, 4, 16, 8],
        title: 'Incidents',
        description:
          'An incident is opened by the first FAILED of a source and resolved by its next SUCCESS. The newest first. Without data it says “no incidents”.',
        whenEmpty: 'no incidents',
      },
    ),
    chartPanel(['failureRate'], {
      id: 9,
      at: [0, 12, 14, 8],
      title: 'Failure rate over time',
      chart: { style: 'line', interval: '15m' },
    }),
    rankingPanel('failureRateBySource', { id: 10, at: [14, 12, 10, 8] }),
    rankingPanel('lastRunBySource', {
      id: 11,
      at: [0, 20, 10, 8],
      query: instant('lastRunBySource', KNOWN_SOURCES_WINDOW),
      first: 'smallest',
      more: [
        `The longest silent first: every source with a run in the ${KNOWN_SOURCES_WINDOW} before the end of the time shown.`,
      ],
    }),
    rankingPanel('lastRunBySource', {
      id: 12,
      at: [10, 20, 14, 8],
      title: 'Freshness SLO: silence out of what is allowed',
      query: lateness(declarations),
      isBar: true,
      more: [
        'Here as the part of that time which has passed. Above 100 % the source is late: the alert on silence fires. What a source declared in vigie.yaml counts for it.',
      ],
      as: { unit: 'ratio', bad: 'high', critical: { value: 1, origin: 'by definition: later than allowed' } },
    }),
    rankingPanel('errorBudgetBurn', {
      id: 13,
      at: [0, 28, 12, 8],
      query: budgetBurn(declarations),
      isBar: true,
      more: ['Measured by its own objective where a source declared one in vigie.yaml.'],
    }),
    rankingPanel('availabilityBySource', { id: 14, at: [12, 28, 12, 8], first: 'smallest' }),
  ],
})
