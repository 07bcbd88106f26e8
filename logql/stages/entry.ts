import { type Labels } from '../source.ts'

export const ERROR_LABEL = '__error__'
export const ERROR_DETAILS_LABEL = '__error_details__'
/** What is appended to the name of a parsed label that the stream or its structured metadata has already. */
const DUPLICATE_SUFFIX = '_extracted'

/**
 * The labels of an entry by where they come from, and its error. The maps are shared: replaced, never
 * changed.
 */
export type LabelView = {
  stream: Labels
  metadata: Labels
  /** Undefined when none is parsed. */
  parsed: Labels | undefined
  /** '' when there is none. */
  error: string
  errorDetails: string
}

/** One log entry on its way through a pipeline. Stages change it in place. */
export type Entry = LabelView & {
  line: string
  timeNs: () => bigint
  /** The stream's labels before any stage: parsed labels with one of these names get a suffix. */
  readonly base: Labels
  /** The entry's own, so that it may be changed. */
  parsed: Map<string, string> | undefined
}

/** The value of a label, wherever it comes from; undefined when the entry does not have it. */
export function labelOf(view: LabelView, name: string): string | undefined {
  if (name === ERROR_LABEL) return view.error === '' ? undefined : view.error
  if (name === ERROR_DETAILS_LABEL) return view.errorDetails === '' ? undefined : view.errorDetails
  return plainLabelOf(view, name)
}

/** The value of a label other than `__error__` and `__error_details__`, which most stages do not see, as in Loki. */
export const plainLabelOf = (view: LabelView, name: string): string | undefined =>
  view.parsed?.get(name) ?? view.metadata.get(name) ?? view.stream.get(name)

/**
 * `__error_details__` as it is shown: after `drop __error__` only if the labels of the entry are not those of its stream,
 * as in Loki.
 */
export function detailsOf({ stream, base, metadata, parsed, error, errorDetails }: Entry): string {
  const isChanged = stream !== base || metadata.size > 0 || (parsed !== undefined && parsed.size > 0)
  return error !== '' || isChanged ? errorDetails : ''
}

/**
 * Sets a parsed label. It replaces a label of the same name of the stream or the metadata.
 */
export function setParsed(entry: Entry, name: string, value: string): void {
  if (entry.stream.has(name)) entry.stream = without(entry.stream, name)
  if (entry.metadata.has(name)) entry.metadata = without(entry.metadata, name)
  entry.parsed ??= new Map()
  entry.parsed.set(name, value)
}

/** Removes a label, wherever it comes from. */
export function removeLabel(entry: Entry, name: string): void {
  if (name === ERROR_LABEL) entry.error = ''
  if (name === ERROR_DETAILS_LABEL) entry.errorDetails = ''
  entry.parsed?.delete(name)
  if (entry.metadata.has(name)) entry.metadata = without(entry.metadata, name)
  if (entry.stream.has(name)) entry.stream = without(entry.stream, name)
}

/** The name of a label that is parsed from the line: with a suffix if the stream or its metadata has the name. */
export const parsedName = (entry: Entry, name: string): string =>
  entry.base.has(name) || entry.metadata.has(name) ? name + DUPLICATE_SUFFIX : name

/** Marks the entry: sets `__error__` and `__error_details__`. */
export function setError(view: LabelView, error: string, details: string): void {
  view.error = error
  view.errorDetails = details
}

/** The labels without one of them. */
export function without(labels: Labels, name: string): Labels {
  const left = new Map(labels)
  left.delete(name)
  return left
}

/** Structured metadata as the entry shows it: a name that the stream has gets a suffix. */
export function renamedMetadata(metadata: Labels, base: Labels): Labels {
  for (const name of metadata.keys()) {
    if (!base.has(name)) continue
    return new Map(
      Array.from(metadata, ([each, value]) => [base.has(each) ? each + DUPLICATE_SUFFIX : each, value]),
    )
  }
  return metadata
}
