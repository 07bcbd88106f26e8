import { type Stage } from '../../logql/ast.ts'
import { parseGoDuration } from '../../logql/durations.ts'
import { type LogEntry } from '../../logql/evaluate/logs.ts'
import { parseSize } from '../../logql/sizes.ts'
import { ERROR_DETAILS_LABEL, ERROR_LABEL } from '../../logql/stages/entry.ts'
import { compilePipeline, type Pipeline, type Processed } from '../../logql/stages/pipeline.ts'

/** The values of a field in lines, and the parsers that found it; none for structured metadata. */
export type Field = { values: Set<string>; parsers: Set<string> }

type Parser = { name: string; pipeline: Pipeline }

/** Parsers that are tried on a line, in this order, until one finds something. */
const GUESSES: readonly Parser[] = [
  { name: 'json', pipeline: compilePipeline([{ kind: 'json', extractions: [] }]) },
  {
    name: 'logfmt',
    pipeline: compilePipeline([{ kind: 'logfmt', strict: false, keepEmpty: false, extractions: [] }]),
  },
]
const PARSER_KINDS: readonly string[] = ['json', 'logfmt', 'regexp', 'pattern', 'unpack']

/** A function that adds the fields of an entry: those that the query's own parsers found, else those of a guess. */
export function fieldReader(stages: readonly Stage[], fields: Map<string, Field>): (entry: LogEntry) => void {
  const own = stages.map(({ kind }) => kind).filter((kind) => PARSER_KINDS.includes(kind))
  return (entry) => {
    for (const [name, value] of entry.metadata) addValue(fields, name, value, [])
    if (own.length > 0) return addParsed(fields, entry, own)
    for (const { name, pipeline } of GUESSES) {
      const parsed = pipeline.forStream(entry.stream).process(() => entry.timeNs, entry.line, entry.metadata)
      if (parsed === undefined || !hasFields(parsed)) continue
      return addParsed(fields, parsed, [name])
    }
  }
}

/** What a parser could not read as a whole is left to the next. */
const hasFields = ({ parsed }: Processed): boolean => parsed.size > 0 && !parsed.has(ERROR_LABEL)

function addParsed(fields: Map<string, Field>, { parsed }: Processed, parsers: readonly string[]): void {
  for (const [name, value] of parsed)
    if (name !== ERROR_LABEL && name !== ERROR_DETAILS_LABEL) addValue(fields, name, value, parsers)
}

function addValue(fields: Map<string, Field>, name: string, value: string, parsers: readonly string[]): void {
  if (value === '') return
  const field = fields.get(name) ?? { values: new Set(), parsers: new Set() }
  fields.set(name, field)
  field.values.add(value)
  for (const parser of parsers) field.parsers.add(parser)
}

const INTEGER = /^[+-]?\d+$/
const BOOLEAN = /^(?:true|false|t|f)$/i

/** What a field seems to hold, by the first of its values: Loki's names for types. */
export function typeOf([value = '']: Iterable<string>): string {
  if (INTEGER.test(value)) return 'int'
  if (value.trim() !== '' && !Number.isNaN(Number(value))) return 'float'
  if (BOOLEAN.test(value)) return 'boolean'
  if ('ns' in parseGoDuration(value)) return 'duration'
  return parseSize(value) === undefined ? 'string' : 'bytes'
}
