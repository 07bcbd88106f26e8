import { type Labels } from '../source.ts'
import { labelsKey } from './labels.ts'

/** One label set that a part of a query answers. The same object at every step; `id` counts from 0 in its table. */
export type Series = { id: number; labels: Labels }

/** What a part of a query answers at one step: `values[i]` belongs to `series[i]`. */
export type Vector = { series: Series[]; values: number[] }

/** Series that are worked on between two yields: a millisecond or less. */
export const SERIES_BETWEEN_YIELDS = 512

/** All series that a part of a query has answered so far. */
export type SeriesTable = { byKey: Map<string, Series>; list: Series[] }

export const seriesTable = (): SeriesTable => ({ byKey: new Map(), list: [] })

/** The table's series with these labels, made if it is not there. */
export function internSeries(table: SeriesTable, labels: Labels, key = labelsKey(labels)): Series {
  const known = table.byKey.get(key)
  if (known !== undefined) return known
  const series = { id: table.list.length, labels }
  table.byKey.set(key, series)
  table.list.push(series)
  return series
}

/** A table whose series are made from those of another one, each once. */
export type DerivedSeries = { table: SeriesTable; derived: Series[] }

export const derivedSeries = (): DerivedSeries => ({ table: seriesTable(), derived: [] })

/** The series that `labelsOf` makes of this one, found once. */
export function derive(state: DerivedSeries, from: Series, labelsOf: (labels: Labels) => Labels): Series {
  const known = state.derived[from.id]
  if (known !== undefined) return known
  const made = internSeries(state.table, labelsOf(from.labels))
  state.derived[from.id] = made
  return made
}
