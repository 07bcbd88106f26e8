import { type LabelFormat } from '../ast.ts'
import { LogqlError } from '../error.ts'
import { type Labels } from '../source.ts'
import { compileLineTemplate, type LineContext } from '../template/line.ts'
import {
  detailsOf,
  type Entry,
  ERROR_DETAILS_LABEL,
  ERROR_LABEL,
  labelOf,
  plainLabelOf,
  removeLabel,
  setError,
  setParsed,
} from './entry.ts'
import { type CompiledStage } from './stage.ts'

const TEMPLATE_ERROR = 'TemplateFormatErr'

/**
 * `line_format`: the line is what the template makes of it. Where the template fails, the line stays and the
 * entry is marked. Throws LogqlError (`parse`) for a wrong template, and its stage LogqlError (`limit`) for
 * one that does too much.
 */
export function compileLineFormat(template: string): CompiledStage {
  const execute = compileLineTemplate(template, 'line')
  return (entry) => {
    entry.line =
      executed(
        entry,
        execute,
        contextOf(entry, () => labelsNow(entry)),
      ) ?? entry.line
    return true
  }
}

type CompiledFormat =
  | { label: string; source: string }
  | { label: string; execute: (context: LineContext) => string }

/**
 * `label_format`: renames labels and makes labels from templates, one after the other; all templates see the
 * labels as they were before the first of them. Errors are those of `line_format`; LogqlError (`parse`) also
 * when two formats are for one label.
 */
export function compileLabelFormat(formats: readonly LabelFormat[]): CompiledStage {
  const labels = formats.map(({ label }) => label)
  const repeated = labels.find((label, index) => labels.indexOf(label) !== index)
  if (repeated !== undefined)
    throw new LogqlError(
      'parse',
      `multiple label name '${repeated}' not allowed in a single format operation`,
    )
  const reserved = labels.find((label) => label === ERROR_LABEL)
  if (reserved !== undefined) throw new LogqlError('parse', `${reserved} cannot be formatted`)
  const compiled = formats.map(
    ({ label, from }): CompiledFormat =>
      'label' in from
        ? { label, source: from.label }
        : { label, execute: compileLineTemplate(from.template, 'label') },
  )
  return (entry) => {
    let before: Labels | undefined
    const labelsBefore = (): Labels => (before ??= labelsNow(entry))
    for (const format of compiled) {
      if ('source' in format) rename(entry, format.source, format.label)
      else {
        // With one format alone nothing changes before its template reads the labels.
        if (compiled.length > 1) labelsBefore()
        const value = executed(entry, format.execute, contextOf(entry, labelsBefore, before))
        if (value !== undefined) setParsed(entry, format.label, value)
      }
    }
    return true
  }
}

/** What the template makes of the entry; undefined where it fails, and the entry is marked. */
function executed(
  entry: Entry,
  execute: (context: LineContext) => string,
  context: LineContext,
): string | undefined {
  try {
    return execute(context)
  } catch (error) {
    if (!(error instanceof LogqlError) || error.kind !== 'execution') throw error
    setError(entry, TEMPLATE_ERROR, error.message)
    return undefined
  }
}

const contextOf = (entry: Entry, labels: () => Labels, snapshot?: Labels): LineContext => ({
  label: snapshot === undefined ? (name) => shownLabel(entry, name) : (name) => snapshot.get(name),
  labels,
  line: () => entry.line,
  timeNs: entry.timeNs,
})

const shownLabel = (entry: Entry, name: string): string | undefined =>
  name === ERROR_DETAILS_LABEL ? detailsOf(entry) || undefined : labelOf(entry, name)

function labelsNow(entry: Entry): Labels {
  const labels = new Map([...entry.stream, ...entry.metadata, ...(entry.parsed ?? [])])
  if (entry.error !== '') labels.set(ERROR_LABEL, entry.error)
  const details = detailsOf(entry)
  if (details !== '') labels.set(ERROR_DETAILS_LABEL, details)
  return labels
}

/**
 * A renamed label of the stream stays a label of the stream, and likewise one of the metadata or a parsed one. A label
 * that is renamed to itself is removed, as in Loki.
 */
function rename(entry: Entry, from: string, to: string): void {
  const value = plainLabelOf(entry, from)
  if (value === undefined) return
  const part = entry.parsed?.has(from) === true ? 'parsed' : entry.metadata.has(from) ? 'metadata' : 'stream'
  removeLabel(entry, from)
  if (from === to) return
  removeLabel(entry, to)
  if (part === 'parsed') setParsed(entry, to, value)
  else entry[part] = new Map(entry[part]).set(to, value)
}
