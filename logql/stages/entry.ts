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
  /** The stream's labels as they were, which decide what a parsed label is called. */
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

/** The value of a label, but for the error and its details: for most stages these are no labels, as in Loki. */
export const plainLabelOf = (view: LabelView, name: string): string | undefined =>
  view.parsed?.get(name) ?? view.metadata.get(name) ?? view.stream.get(name)

/**
 * The details of an error as they are told: those of an error that was dropped only where the entry has other labels
 * than its stream, as in Loki.
 */
export function detailsOf({ stream, base, metadata, parsed, error, errorDetails }: Entry): string {
  const isChanged = stream !== base || metadata.size > 0 || (parsed !== undefined && parsed.size > 0)
  return error !== '' || isChanged ? errorDetails : ''
}

/**
 * Gives a label a new value as a parsed one, in place of one of the same name of the stream or its metadata.
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

/** What a label that is parsed from the line is called: the stream and its metadata keep their names. */
export const parsedName = (entry: Entry, name: string): string =>
  entry.base.has(name) || entry.metadata.has(name) ? name + DUPLICATE_SUFFIX : name

/** Marks the entry with the kind and the words of an error. */
export function setError(view: LabelView, error: string, details: string): void {
  view.error = error
  view.errorDetails = details
}

/** The labels but for one. */
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
