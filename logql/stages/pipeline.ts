import { type Stage } from '../ast.ts'
import { type Labels, NO_LABELS } from '../source.ts'
import { compilePattern, compileRegexpParser } from './captures.ts'
import { decolorize } from './decolorize.ts'
import { compileDrop, compileKeep } from './drop-keep.ts'
import { detailsOf, type Entry, ERROR_DETAILS_LABEL, ERROR_LABEL, renamedMetadata } from './entry.ts'
import { compileLabelFormat, compileLineFormat } from './format.ts'
import { compileJson } from './json.ts'
import { compileJsonExtract } from './json-extract.ts'
import { compileLabelFilter } from './label-filter.ts'
import { compileLineFilter } from './line-filter.ts'
import { compileLogfmt } from './logfmt.ts'
import { type CompiledStage, type Wanted } from './stage.ts'
import { compileUnpack } from './unpack.ts'

/**
 * The result of a pipeline for an entry: its line, and its labels by their origin. A name is in one of the three maps at
 * most. Only parsed labels may have the value ''. `__error__` and `__error_details__` are parsed labels.
 */
export type Processed = { line: string; stream: Labels; metadata: Labels; parsed: Labels }

/**
 * A pipeline for the entries of one stream. `timeNs` is asked for during the call only, and only by
 * templates. Answers undefined for an entry that is filtered out. What no stage changed is answered as the
 * same object each time: the stream's labels, `metadata` where it was given, and the one empty map for the
 * other two; callers may recognize series by it.
 */
export type StreamPipeline = {
  process: (timeNs: () => bigint, line: string, metadata: Labels | undefined) => Processed | undefined
}
export type Pipeline = { forStream: (labels: Labels) => StreamPipeline }

/**
 * Compiles the stages of a query. With `wanted` (see `wantedLabels`) parsers take out only these labels.
 * Throws LogqlError (`parse`) for wrong regular expressions, templates, patterns, paths and addresses.
 */
export function compilePipeline(stages: readonly Stage[], wanted?: ReadonlySet<string>): Pipeline {
  const compiled = stages.map((stage) => compileStage(stage, wanted))
  return { forStream: (labels) => ({ process: processor(compiled, sortedByName(labels)) }) }
}

function processor(stages: readonly CompiledStage[], base: Labels): StreamPipeline['process'] {
  return (timeNs, line, metadata) => {
    const entry: Entry = {
      line,
      timeNs,
      base,
      stream: base,
      metadata: metadata === undefined ? NO_LABELS : renamedMetadata(metadata, base),
      parsed: undefined,
      error: '',
      errorDetails: '',
    }
    for (const stage of stages) if (!stage(entry)) return undefined
    return processed(entry)
  }
}

function processed(entry: Entry): Processed {
  const { line, stream, metadata, error } = entry
  const errorDetails = entry.errorDetails === '' ? '' : detailsOf(entry)
  let { parsed } = entry
  if (error !== '') parsed = (parsed ?? new Map()).set(ERROR_LABEL, error)
  if (errorDetails !== '') parsed = (parsed ?? new Map()).set(ERROR_DETAILS_LABEL, errorDetails)
  return { line, stream, metadata, parsed: parsed === undefined || parsed.size === 0 ? NO_LABELS : parsed }
}

function compileStage(stage: Stage, wanted: Wanted): CompiledStage {
  switch (stage.kind) {
    case 'line_filter': {
      const passes = compileLineFilter(stage)
      return (entry) => passes(entry.line)
    }
    case 'json':
      return stage.extractions.length === 0
        ? compileJson(wanted)
        : compileJsonExtract(stage.extractions, wanted)
    case 'logfmt':
      return compileLogfmt(stage, wanted)
    case 'regexp':
      return compileRegexpParser(stage.pattern, wanted)
    case 'pattern':
      return compilePattern(stage.pattern, wanted)
    case 'unpack':
      return compileUnpack(wanted)
    case 'label_filter':
      return compileLabelFilter(stage.filter)
    case 'line_format':
      return compileLineFormat(stage.template)
    case 'label_format':
      return compileLabelFormat(stage.formats)
    case 'decolorize':
      return decolorize
    case 'drop':
      return compileDrop(stage.labels)
    case 'keep':
      return compileKeep(stage.labels)
  }
}

/** All labels, sorted by name; the stream's own object where there are no others. */
export function allLabels({ stream, metadata, parsed }: Processed): Labels {
  if (metadata.size === 0 && parsed.size === 0) return stream
  return new Map([...stream, ...metadata, ...parsed].sort(byName))
}

/** The value of a label, wherever it comes from; undefined when it is not there. */
export const labelValueOf = ({ stream, metadata, parsed }: Processed, name: string): string | undefined =>
  parsed.get(name) ?? metadata.get(name) ?? stream.get(name)

const byName = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : a > b ? 1 : 0)

function sortedByName(labels: Labels): Labels {
  let last = ''
  for (const name of labels.keys()) {
    if (name < last) return new Map([...labels].sort(byName))
    last = name
  }
  return labels
}
