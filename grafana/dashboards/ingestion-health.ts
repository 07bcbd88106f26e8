import { type DashboardSource } from '../dashboard.ts'
import { clickedColumn, toLogs } from '../links.ts'
import { chartPanel, numberPanel, rankingPanel } from '../panels.ts'
import { runLines, SOURCE_FILTERS } from '../query.ts'
import { linesTable } from '../tables.ts'

const failedRuns = toLogs('The logs of the failed runs', { etat: 'FAILED' })
/** Enough to see what happened; dashboard 4 has them all. */
const LAST_ERRORS = 50

/** Is anything broken, what, since when, and what did it say? */
export const ingestionHealth = (): DashboardSource => ({
  uid: '1-ingestion-health',
  title: '1 · Ingestion health',
  description: 'Is anything broken, what, since when, and what did it say?',
  refresh: '1m',
  panels: [
    numberPanel('successes', { id: 1, at: [0, 0, 5, 4] }),
    numberPanel('failures', { id: 2, at: [5, 0, 5, 4], links: [failedRuns] }),
    numberPanel('failureRate', { id: 3, at: [10, 0, 5, 4], links: [failedRuns] }),
    numberPanel('p95DurationSeconds', { id: 4, at: [15, 0, 5, 4] }),
    numberPanel('maxMemoryMb', { id: 5, at: [20, 0, 4, 4] }),
    chartPanel(['runsByState'], {
      id: 6,
      at: [0, 4, 14, 9],
      title: 'SUCCESS and FAILED over time',
      chart: { style: 'bars', stacked: true, interval: '1m' },
    }),
    rankingPanel('p95DurationBySource', {
      id: 7,
      at: [14, 4, 10, 9],
      title: 'Top sources by performance (p95 duration)',
      isBar: true,
    }),
    linesTable(
      runLines(['etat="FAILED"', ...SOURCE_FILTERS], LAST_ERRORS),
      [
        { field: 'fin', name: 'Failed at', as: 'time', width: 190 },
        { field: 'source', name: 'Source', as: 'text', width: 160 },
        { field: 'entreprise', name: 'Company', as: 'text', width: 160 },
        { field: 'zone', name: 'Zone', as: 'text', width: 120 },
        { field: 'duree', name: 'Duration', as: 'seconds', width: 100 },
        { field: 'description', name: 'Description', as: 'text' },
      ],
      {
        id: 8,
        at: [0, 13, 24, 9],
        title: 'Last errors',
        description: `What the last ${LAST_ERRORS} failed runs said, the newest first. A click on a row leads to all logs of its source. Without data it says “no failed runs”: whether there were runs at all stands above.`,
        whenEmpty: 'no failed runs',
        links: [
          toLogs('The failed runs of this source', { source: clickedColumn('Source'), etat: 'FAILED' }),
        ],
      },
    ),
  ],
})
