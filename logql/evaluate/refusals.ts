import { LogqlError } from '../error.ts'
import { type Labels } from '../source.ts'
import { quote } from '../strings.ts'

/** Labels as Loki writes them: `{a="1", b="x\"y"}`. */
export const formatLabels = (labels: Labels): string =>
  `{${Array.from(labels, ([name, value]) => `${name}=${quote(value)}`).join(', ')}}`

/** The error for an entry with `__error__`, in Loki's words. */
export function pipelineError(error: string, labels: Labels): LogqlError {
  return new LogqlError(
    'pipeline',
    `pipeline error: '${error}' for series: '${formatLabels(labels)}'.\n` +
      `Use a label filter to intentionally skip this error. (e.g | __error__!="${error}").\n` +
      'To skip all potential errors you can match empty errors.(e.g __error__="")\n' +
      'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )',
  )
}

/** The error for too many series, in Loki's words. */
export const tooManySeries = (maxSeries: number): LogqlError =>
  new LogqlError(
    'limit',
    `maximum number of series (${maxSeries}) reached for a single query; consider reducing query ` +
      'cardinality by adding more specific stream selectors, reducing the time range, or aggregating ' +
      'results with functions like sum(), count() or topk()',
  )
