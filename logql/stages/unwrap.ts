import { type Unwrap, type UnwrapConversion } from '../ast.ts'
import { type Labels, NO_LABELS } from '../source.ts'
import { type Parsed, parseBytes, parseDurationNs, parseNumber } from '../values.ts'
import { ERROR_DETAILS_LABEL, ERROR_LABEL, type LabelView, setError, without } from './entry.ts'
import { compileInnerFilter } from './label-filter.ts'
import { labelValueOf, type Processed } from './pipeline.ts'

const SAMPLE_ERROR = 'SampleExtractionErr'

/** A sample: its value, and the entry with the labels that its series has. */
export type Unwrapped = { value: number; processed: Processed }

const seconds = (text: string): Parsed => {
  const { value, problem } = parseDurationNs(text)
  return value === undefined ? { value, problem } : { value: value / 1e9, problem: undefined }
}
const CONVERSIONS: Readonly<Record<UnwrapConversion, (text: string) => Parsed>> = {
  bytes: parseBytes,
  duration: seconds,
  duration_seconds: seconds,
}

/**
 * Makes a sample of a processed entry: the value of a label as a number, bytes or seconds. The label itself is removed,
 * unless `keepsLabel` (the query groups by it). Undefined for an entry without the label, and for one that the filters
 * drop. An entry whose label is not a number keeps it and gets `__error__`, which fails the query. Throws LogqlError
 * (`parse`) as label filters do.
 */
export function compileUnwrap(
  unwrap: Unwrap,
  keepsLabel: boolean,
): (processed: Processed) => Unwrapped | undefined {
  const { label } = unwrap
  const convert = unwrap.conversion === undefined ? parseNumber : CONVERSIONS[unwrap.conversion]
  const filters = unwrap.filters.map(compileInnerFilter)
  return (processed) => {
    const text = labelValueOf(processed, label)
    if (text === undefined || text === '') return undefined
    const view = viewOf(processed)
    const { value, problem } = convert(text)
    if (problem !== undefined) setError(view, SAMPLE_ERROR, problem)
    for (const passes of filters) if (!passes(view)) return undefined
    if (view.error !== '') return { value: value ?? 0, processed: marked(processed, view) }
    return { value: value ?? 0, processed: keepsLabel ? processed : withoutLabel(processed, label) }
  }
}

const viewOf = ({ stream, metadata, parsed }: Processed): LabelView => ({
  stream,
  metadata,
  parsed,
  error: parsed.get(ERROR_LABEL) ?? '',
  errorDetails: parsed.get(ERROR_DETAILS_LABEL) ?? '',
})

function marked(processed: Processed, { error, errorDetails }: LabelView): Processed {
  const parsed = new Map(processed.parsed).set(ERROR_LABEL, error)
  if (errorDetails !== '') parsed.set(ERROR_DETAILS_LABEL, errorDetails)
  return { ...processed, parsed }
}

function withoutLabel({ line, stream, metadata, parsed }: Processed, label: string): Processed {
  if (parsed.has(label)) return { line, stream, metadata, parsed: rest(parsed, label) }
  if (metadata.has(label)) return { line, stream, metadata: rest(metadata, label), parsed }
  return { line, stream: rest(stream, label), metadata, parsed }
}

const rest = (labels: Labels, label: string): Labels =>
  labels.size === 1 ? NO_LABELS : without(labels, label)
