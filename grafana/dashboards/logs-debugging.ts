import { type DashboardSource } from '../dashboard.ts'
import { ALL_FILTERS, runLines } from '../query.ts'
import { linesTable, rawLines } from '../tables.ts'
import { SEARCHED, search } from '../variables.ts'

/** More rows than anybody reads, fewer than a browser minds; Loki's own limit is 5,000. */
const ROWS = 1_000
const RAW_ROWS = 200

/** Which run was it, and what exactly did it say? */
export const logsDebugging = (): DashboardSource => ({
  uid: '4-logs-debugging',
  title: '4 · Logs',
  description: 'Which run was it, and what exactly did it say?',
  refresh: '1m',
  variables: [search],
  panels: [
    linesTable(
      runLines(['etat=~".+"', ...ALL_FILTERS], ROWS, SEARCHED),
      [
        { field: 'debut', name: 'Start', as: 'time', width: 180 },
        { field: 'fin', name: 'End', as: 'time', width: 180 },
        { field: 'duree', name: 'Duration', as: 'seconds', width: 100 },
        { field: 'etat', name: 'Outcome', as: 'outcome', width: 100 },
        { field: 'source', name: 'Source', as: 'text', width: 140 },
        { field: 'entreprise', name: 'Company', as: 'text', width: 140 },
        { field: 'zone', name: 'Zone', as: 'text', width: 110 },
        { field: 'cpu', name: 'CPU', as: 'seconds', width: 90 },
        { field: 'memoire', name: 'Memory', as: 'megabytes', width: 100 },
        { field: 'description', name: 'Description', as: 'text' },
      ],
      {
        id: 1,
        at: [0, 0, 24, 16],
        title: 'Runs',
        description: `The newest ${ROWS} runs that match the choices and the search above; the funnel in a column's head filters further. To export: the panel's menu, Inspect, Data, Download CSV. Without data it says “no runs”.`,
        whenEmpty: 'no runs',
      },
    ),
    rawLines(runLines(ALL_FILTERS, RAW_ROWS, SEARCHED), {
      id: 2,
      at: [0, 16, 24, 10],
      title: 'Lines as they are',
      description: `The newest ${RAW_ROWS} lines, byte for byte, also those that could not be read as logs (label parse="failed"). Without data it says “no lines”.`,
      whenEmpty: 'no lines',
    }),
  ],
})
