import { type LogExpr } from '../../logql/ast.ts'
import { evaluateLogs, type LogEntry } from '../../logql/evaluate/logs.ts'
import { compareTexts } from '../../logql/strings.ts'
import { parseNumber } from '../../logql/values.ts'
import { Refusal } from '../refusal.ts'
import { jsonAnswer } from './answer.ts'
import { type Api, type Asked, type Handler } from './api.ts'
import { drive } from './drive.ts'
import { addFields, type Field, typeOf } from './fields.ts'
import { entryLimit, MAX_CHARACTERS } from './log-query.ts'
import { parsedQuery } from './parsed.ts'
import { withinLimits } from './range.ts'
import { runQuery } from './run-query.ts'
import { nowNs, queriedStreams, streamBounds } from './selection.ts'
import { countParameter } from './times.ts'

/** A UUID in one of the forms that Go's package `uuid` reads. */
const UUID =
  /^(?:urn:uuid:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$|^[0-9a-f]{32}$/i
/** Labels that tell where logs come from, whatever their values. */
const ALWAYS_TOLD: ReadonlySet<string> = new Set(['cluster', 'namespace', 'instance', 'pod'])

const isId = (value: string): boolean => parseNumber(value).value !== undefined || UUID.test(value)

/** The labels of the streams that match `query`, without those all of whose values are numbers or UUIDs. */
export const detectedLabels: Handler = async (api, asked) => {
  const detected = await drive(detectedOf(api, asked), asked.signal)
  if (detected.length === 0) return jsonAnswer({})
  return jsonAnswer({
    detectedLabels: detected.map(([label, known]) => ({ label, cardinality: known.size })),
  })
}

/** Streams that are looked at, and values that are tried, between two yields. */
const BETWEEN_YIELDS = 1_024

type LabelValues = [name: string, values: Set<string>]

function* detectedOf(api: Api, asked: Asked): Generator<void, LabelValues[]> {
  const values = new Map<string, Set<string>>()
  for (const [index, { labels }] of (yield* queriedStreams(api, asked)).entries()) {
    for (const [name, value] of labels) {
      const known = values.get(name) ?? new Set()
      values.set(name, known.add(value))
    }
    if (index % BETWEEN_YIELDS === 0) yield
  }
  const detected: LabelValues[] = []
  for (const [name, known] of values)
    if (ALWAYS_TOLD.has(name) || !(yield* areIds(known))) detected.push([name, known])
  return detected
}

function* areIds(values: ReadonlySet<string>): Generator<void, boolean> {
  let tried = 0
  for (const value of values) {
    if (!isId(value)) return false
    if (++tried % BETWEEN_YIELDS === 0) yield
  }
  return true
}

const DEFAULT_FIELDS = 1_000
const DEFAULT_LINES = 100

/** The fields that `json` or `logfmt` find in the last lines of a query, and those of structured metadata. */
export const detectedFields: Handler = async (api, asked) => {
  const limit = fieldLimit(asked)
  const fields = await fieldsOf(api, asked)
  const told = [...fields].slice(0, limit).map(([label, field]) => ({
    label,
    type: typeOf(field),
    cardinality: field.values.size,
    parsers: field.parsers.size === 0 ? null : [...field.parsers],
    jsonPath: field.jsonPath,
  }))
  if (told.length === 0) return jsonAnswer({})
  return jsonAnswer({ fields: told, limit })
}

/** The values of the field that the path names, as many as `limit` says. */
export const detectedFieldValues: Handler = async (api, asked) => {
  const limit = fieldLimit(asked)
  const fields = await fieldsOf(api, asked)
  const values = fields.get(asked.parameters.get(':name') ?? '')?.values ?? new Set<string>()
  if (values.size === 0) return jsonAnswer({})
  return jsonAnswer({ values: [...values].sort(compareTexts).slice(0, limit), limit })
}

/** How many fields or values are told. Throws Refusal (400). */
function fieldLimit({ parameters }: Asked): number {
  const name = parameters.get('limit') ? 'limit' : 'field_limit'
  const limit = countParameter(parameters, name, DEFAULT_FIELDS)
  if (limit <= 0) throw new Refusal(400, 'limit must be a positive value')
  return limit
}

async function fieldsOf(api: Api, asked: Asked): Promise<Map<string, Field>> {
  const expr = parsedQuery(asked.parameters)
  if (expr.kind !== 'log') throw new Refusal(400, 'only log selector is supported')
  return await drive(fieldsIn(await lastEntries(api, asked, expr)), asked.signal)
}

/** Lines are parsed as often as there are guesses. */
const LINES_BETWEEN_YIELDS = 32

function* fieldsIn(entries: readonly LogEntry[]): Generator<void, Map<string, Field>> {
  const fields = new Map<string, Field>()
  for (const [index, entry] of entries.entries()) {
    addFields(fields, entry)
    if (index % LINES_BETWEEN_YIELDS === 0) yield
  }
  return fields
}

async function lastEntries(api: Api, asked: Asked, expr: LogExpr): Promise<LogEntry[]> {
  const { limits_config } = api.config
  const lines = new URLSearchParams({
    limit: asked.parameters.get('line_limit') ?? String(DEFAULT_LINES),
  })
  const limit = entryLimit(lines, limits_config)
  const bounds = withinLimits(streamBounds(api, asked), limits_config, nowNs(api))
  if (bounds === undefined) return []
  const { result } = await runQuery(api, asked, (source) =>
    evaluateLogs(expr, source, { ...bounds, limit, direction: 'backward', maxCharacters: MAX_CHARACTERS }),
  )
  return result.streams.flatMap(({ entries }) => entries)
}
