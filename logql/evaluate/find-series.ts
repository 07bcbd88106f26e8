import { type Grouping } from '../ast.ts'
import { type Labels, NO_LABELS } from '../source.ts'
import { allLabels, labelValueOf, type Processed } from '../stages/pipeline.ts'
import { groupLabels, labelsKey } from './labels.ts'
import { internSeries, type Series, type SeriesTable } from './series.ts'

/**
 * Finds the series of samples. Neighbouring samples mostly share theirs: it is remembered with what it was
 * found by, the values of the labels of a `by` or else the objects that the labels are in.
 */
export type SeriesFinder = {
  table: SeriesTable
  grouping: Grouping | undefined
  /** The labels of a `by`, sorted; undefined when other labels matter. */
  names: readonly string[] | undefined
  values: (string | undefined)[]
  processed: Processed | undefined
  series: Series | undefined
}

export function seriesFinder(table: SeriesTable, grouping: Grouping | undefined): SeriesFinder {
  const names = grouping?.without === false ? [...new Set(grouping.labels)].sort() : undefined
  return { table, grouping, names, values: [], processed: undefined, series: undefined }
}

/** The series that a sample with these labels belongs to, made if there is none. */
export const findSeries = (finder: SeriesFinder, processed: Processed): Series =>
  finder.names === undefined
    ? byObjects(finder, finder.grouping, processed)
    : byValues(finder, finder.names, processed)

function byObjects(finder: SeriesFinder, grouping: Grouping | undefined, processed: Processed): Series {
  const last = finder.processed
  if (
    finder.series !== undefined &&
    last?.stream === processed.stream &&
    last.metadata === processed.metadata &&
    last.parsed === processed.parsed
  )
    return finder.series
  const labels = allLabels(processed)
  finder.processed = processed
  finder.series = internSeries(finder.table, grouping === undefined ? labels : groupLabels(labels, grouping))
  return finder.series
}

function byValues(finder: SeriesFinder, names: readonly string[], processed: Processed): Series {
  const { values } = finder
  let isSame = finder.series !== undefined
  for (let index = 0; index < names.length; index++) {
    const value = labelValueOf(processed, names[index] ?? '')
    if (value === values[index]) continue
    values[index] = value
    isSame = false
  }
  if (isSame && finder.series !== undefined) return finder.series
  const labels = named(names, values)
  finder.series = internSeries(finder.table, labels, labelsKey(labels))
  return finder.series
}

function named(names: readonly string[], values: readonly (string | undefined)[]): Labels {
  if (names.length === 0) return NO_LABELS
  const labels = new Map<string, string>()
  names.forEach((name, index) => {
    const value = values[index]
    if (value !== undefined) labels.set(name, value)
  })
  return labels
}
