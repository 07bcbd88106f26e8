import { parseGoDuration } from '../../logql/durations.ts'
import { type LogEntry } from '../../logql/evaluate/logs.ts'
import { type Labels } from '../../logql/source.ts'
import { ERROR_DETAILS_LABEL, ERROR_LABEL } from '../../logql/stages/entry.ts'
import { compilePipeline, type Pipeline, type Processed } from '../../logql/stages/pipeline.ts'
import { parseBytes, parseNumber } from '../../logql/values.ts'
import { jsonPaths } from './json-paths.ts'

/**
 * The values of a field in lines, the last of them, and the parsers that found it: none where only structured
 * metadata or the query's own stages have it. `jsonPath` is where it was in the last line that was JSON.
 */
export type Field = {
  values: Set<string>
  last: string
  parsers: Set<string>
  jsonPath: readonly string[] | undefined
}

type Parser = { name: string; pipeline: Pipeline }

/** Parsers that are tried on a line, in this order, until one finds something. */
const GUESSES: readonly Parser[] = [
  { name: 'json', pipeline: compilePipeline([{ kind: 'json', extractions: [] }]) },
  {
    name: 'logfmt',
    pipeline: compilePipeline([{ kind: 'logfmt', strict: false, keepEmpty: false, extractions: [] }]),
  },
]

/** Adds the fields of an entry: those of structured metadata, of the query's own stages, and of a guess. */
export function addFields(fields: Map<string, Field>, entry: LogEntry): void {
  for (const [name, value] of entry.metadata) valued(fields, name, value)
  addParsed(entry.parsed, (name, value) => valued(fields, name, value))
  for (const { name: parser, pipeline } of GUESSES) {
    const guess = pipeline.forStream(entry.stream).process(() => entry.timeNs, entry.line, entry.metadata)
    if (guess === undefined || !hasFields(guess)) continue
    const paths = parser === 'json' ? jsonPaths(entry.line) : undefined
    addParsed(guess.parsed, (name, value) => {
      const field = valued(fields, name, value)
      field.parsers.add(parser)
      if (paths !== undefined) field.jsonPath = paths.get(name) ?? paths.get(withoutSuffix(name))
    })
    return
  }
}

/** A field whose name the stream or structured metadata has taken already ends so. */
const withoutSuffix = (name: string): string => name.replace(/_extracted$/, '')

/** What a parser could not read as a whole is left to the next. */
const hasFields = ({ parsed }: Processed): boolean => parsed.size > 0 && !parsed.has(ERROR_LABEL)

function addParsed(parsed: Labels, add: (name: string, value: string) => void): void {
  for (const [name, value] of parsed)
    if (name !== ERROR_LABEL && name !== ERROR_DETAILS_LABEL) add(name, value)
}

function valued(fields: Map<string, Field>, name: string, value: string): Field {
  const field = fields.get(name) ?? { values: new Set(), last: '', parsers: new Set(), jsonPath: undefined }
  fields.set(name, field)
  field.values.add(value)
  field.last = value
  return field
}

const INTEGER = /^[+-]?\d+$/
/** What Go's `strconv.ParseBool` reads, but for digits. */
const BOOLEAN = /^(?:t|T|true|TRUE|True|f|F|false|FALSE|False)$/

/** What a field seems to hold, by its last value: Loki's names for types. */
export function typeOf({ last }: Field): string {
  if (INTEGER.test(last) && BigInt.asIntN(64, BigInt(last)) === BigInt(last)) return 'int'
  if (parseNumber(last).value !== undefined) return 'float'
  if (BOOLEAN.test(last)) return 'boolean'
  if ('ns' in parseGoDuration(last)) return 'duration'
  return parseBytes(last).value === undefined ? 'string' : 'bytes'
}
