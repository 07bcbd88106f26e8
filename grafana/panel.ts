import { type KpiId } from '../rules/kpis.ts'
import { LOKI, type Panel, type Target } from './model.ts'
import { type Query } from './query.ts'

/** Left edge, top edge, width, height; the grid is 24 wide. */
export type Place = readonly [x: number, y: number, w: number, h: number]

/** A panel before it is written as JSON. */
export type PanelSource = {
  /** Never given to another panel: alerts and saved links point to it. */
  id: number
  /** The KPIs that it shows. */
  kpis: readonly KpiId[]
  at: Place
  queries: readonly Query[]
  look: Omit<Panel, 'id' | 'datasource' | 'gridPos' | 'targets'>
}

const REF_IDS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

const target = ({ kind, expr, legend, maxLines }: Query, index: number): Target => ({
  refId: REF_IDS[index] ?? `Q${index}`,
  datasource: LOKI,
  editorMode: 'code',
  expr,
  queryType: kind === 'instant' ? 'instant' : 'range',
  ...(legend === undefined ? {} : { legendFormat: legend }),
  ...(maxLines === undefined ? {} : { maxLines }),
})

export function panelJson({ id, at: [x, y, w, h], queries, look }: PanelSource): Panel {
  const { type, title, description, ...rest } = look
  return {
    id,
    type,
    title,
    description,
    datasource: LOKI,
    gridPos: { x, y, w, h },
    targets: queries.map(target),
    ...rest,
  }
}
