/**
 * The parts of Grafana's dashboard model that are written here, as Grafana 9.4 reads it. Its own schema
 * version, 37, is written too: newer versions bring it up to theirs when they load it.
 */
export const SCHEMA_VERSION = 37

export const LOKI = { type: 'loki', uid: 'Loki' } as const

export type Target = {
  refId: string
  datasource: typeof LOKI
  editorMode: 'code'
  expr: string
  queryType: 'instant' | 'range'
  legendFormat?: string
  maxLines?: number
}

/** The colours that mean something. `text` is the colour of plain text: it says neither good nor bad. */
export type Colour = 'text' | 'green' | 'orange' | 'red' | 'blue'
export type Step = { color: Colour; value: number | null }
export type Link = { title: string; url: string; targetBlank?: boolean }

type Mapping =
  | {
      type: 'special'
      options: { match: 'null+nan'; result: { text: string; color: Colour; index: number } }
    }
  | { type: 'value'; options: Record<string, { color: Colour; index: number }> }

/** What a field looks like; `custom` differs from one type of panel to another. */
export type FieldConfig = {
  unit?: string
  decimals?: number
  min?: number
  max?: number
  noValue?: string
  color?: { mode: 'thresholds' | 'palette-classic' | 'fixed'; fixedColor?: Colour }
  thresholds?: { mode: 'absolute'; steps: Step[] }
  mappings?: Mapping[]
  links?: Link[]
  custom?: Record<string, unknown>
}
export type Override = {
  matcher: { id: 'byName'; options: string }
  properties: { id: string; value: unknown }[]
}
export type Transformation = { id: string; options: Record<string, unknown> }

export type PanelType = 'stat' | 'timeseries' | 'table' | 'logs'

export type Panel = {
  id: number
  type: PanelType
  title: string
  description: string
  datasource: typeof LOKI
  gridPos: { x: number; y: number; w: number; h: number }
  targets: Target[]
  fieldConfig: { defaults: FieldConfig; overrides: Override[] }
  options: Record<string, unknown>
  transformations?: Transformation[]
  /** The least step of queries over time. */
  interval?: string
  maxDataPoints?: number
}

export type QueryVariable = {
  type: 'query'
  name: string
  label: string
  datasource: typeof LOKI
  query: { type: 1; label: string; stream: string; refId: string }
  definition: string
  refresh: 2
  sort: 1
  multi: true
  includeAll: true
  allValue: string
  current: { selected: true; text: ['All']; value: ['$__all'] }
  hide: 0
  options: []
  regex: ''
  skipUrlSync: false
}
export type TextVariable = {
  type: 'textbox'
  name: string
  label: string
  description: string
  query: ''
  current: { selected: true; text: ''; value: '' }
  hide: 0
  options: []
  skipUrlSync: false
}

export type Annotation = {
  name: string
  datasource: { type: string; uid: string }
  enable: true
  hide: boolean
  iconColor: string
  builtIn?: 1
  type?: 'dashboard'
  expr?: string
  maxLines?: number
  tagKeys?: string
  titleFormat?: string
  textFormat?: string
}

export type Dashboard = {
  uid: string
  title: string
  description: string
  tags: string[]
  schemaVersion: typeof SCHEMA_VERSION
  version: 1
  editable: boolean
  graphTooltip: 1
  timezone: 'browser'
  refresh: string
  time: { from: string; to: 'now' }
  timepicker: Record<string, never>
  templating: { list: (QueryVariable | TextVariable)[] }
  annotations: { list: Annotation[] }
  links: Record<string, unknown>[]
  panels: Panel[]
}
