import { clickedColumn, toLogs } from './links.ts'
import { OUTCOME_COLOURS } from './look.ts'
import { type Link, type Override, type PanelType } from './model.ts'
import { type PanelSource, type Place } from './panel.ts'
import { type Query } from './query.ts'

/** A column: a field of the line, what it is called, and how it is shown. */
export type Column = {
  field: string
  name: string
  as: 'time' | 'text' | 'outcome' | 'seconds' | 'megabytes' | 'number'
  width?: number
}

/** Grafana reads a text that looks like a number as one, unless its unit says otherwise. */
const IS_TEXT = { id: 'unit', value: 'string' }

const PROPERTIES: Readonly<Record<Column['as'], Override['properties']>> = {
  time: [],
  text: [IS_TEXT, { id: 'custom.inspect', value: true }],
  outcome: [
    IS_TEXT,
    { id: 'custom.displayMode', value: 'color-text' },
    {
      id: 'mappings',
      value: [
        {
          type: 'value',
          options: Object.fromEntries(
            Object.entries({ ...OUTCOME_COLOURS, opened: 'red', resolved: 'green' }).map(
              ([state, color], index) => [state, { color, index }],
            ),
          ),
        },
      ],
    },
  ],
  seconds: [{ id: 'unit', value: 's' }],
  megabytes: [{ id: 'unit', value: 'decmbytes' }],
  number: [{ id: 'unit', value: 'short' }],
}

const overrideOf = ({ name, as, width }: Column): Override => ({
  matcher: { id: 'byName', options: name },
  properties: [
    ...PROPERTIES[as],
    // A field that the line does not have; the panel's own word is for when there are no lines at all.
    { id: 'noValue', value: '–' },
    ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
  ],
})

type Words = {
  id: number
  at: Place
  title: string
  description: string
  whenEmpty: string
  links?: readonly Link[]
}

const ofSource = toLogs('The logs of this source', { source: clickedColumn('Source') })

/** A table of log lines: one row a line, one column a field. */
export function linesTable(
  query: Query,
  columns: readonly Column[],
  { id, at, title, description, whenEmpty, links = [ofSource] }: Words,
): PanelSource {
  const fields = columns.map(({ field }) => field)
  const times = columns.filter(({ as }) => as === 'time')
  return {
    id,
    at,
    kpis: [],
    queries: [query],
    look: {
      type: 'table',
      title,
      description,
      transformations: [
        // Only what stands in the line remains: Grafana's own columns differ between versions.
        // Some versions need `jsonPaths`, though it is empty.
        {
          id: 'extractFields',
          options: { source: 'Line', format: 'json', jsonPaths: [], replace: true, keepTime: false },
        },
        { id: 'filterFieldsByName', options: { include: { names: fields } } },
        {
          id: 'convertFieldType',
          options: {
            fields: {},
            conversions: times.map(({ field }) => ({ targetField: field, destinationType: 'time' })),
          },
        },
        {
          id: 'organize',
          options: {
            excludeByName: {},
            indexByName: Object.fromEntries(fields.map((field, index) => [field, index])),
            renameByName: Object.fromEntries(columns.map(({ field, name }) => [field, name])),
          },
        },
      ],
      fieldConfig: {
        defaults: {
          noValue: whenEmpty,
          custom: { align: 'left', displayMode: 'auto', filterable: true },
          links: [...links],
        },
        overrides: columns.map(overrideOf),
      },
      options: { showHeader: true, footer: { show: false, reducer: ['sum'], countRows: false, fields: '' } },
    },
  }
}

/** Log lines as they are. */
export const rawLines = (query: Query, { id, at, title, description, whenEmpty }: Words): PanelSource => ({
  id,
  at,
  kpis: [],
  queries: [query],
  look: {
    type: 'logs' satisfies PanelType,
    title,
    description,
    fieldConfig: { defaults: { noValue: whenEmpty }, overrides: [] },
    options: {
      showTime: true,
      showLabels: false,
      showCommonLabels: false,
      wrapLogMessage: true,
      prettifyLogMessage: false,
      enableLogDetails: true,
      dedupStrategy: 'none',
      sortOrder: 'Descending',
    },
  },
})
