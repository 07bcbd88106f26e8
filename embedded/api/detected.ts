import { type LogExpr } from '../../logql/ast.ts'
import { compareTexts } from '../../logql/evaluate/labels.ts'
import { evaluateLogs, type LogEntry } from '../../logql/evaluate/logs.ts'
import { Refusal } from '../refusal.ts'
import { jsonAnswer } from './answer.ts'
import { type Api, type Asked, type Handler } from './api.ts'
import { type Field, fieldReader, typeOf } from './fields.ts'
import { entryLimit } from './log-query.ts'
import { parsedQuery } from './parsed.ts'
import { withinLimits } from './range.ts'
import { runQuery } from './run-query.ts'
import { matchingStreams, nowNs, streamBounds } from './selection.ts'
import { countParameter } from './times.ts'

const ID = /^(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i

/** The labels of the streams that match `query`, without those all of whose values are numbers or UUIDs. */
export const detectedLabels: Handler = (api, asked) => {
  const values = new Map<string, Set<string>>()
  for (const { labels } of matchingStreams(api, asked, [asked.parameters.get('query')]))
    for (const [name, value] of labels) {
      const known = values.get(name) ?? new Set()
      values.set(name, known.add(value))
    }
  const detected = [...values].filter(([, known]) => ![...known].every((value) => ID.test(value)))
  return jsonAnswer({
    detectedLabels: detected.map(([label, known]) => ({ label, cardinality: known.size })),
  })
}

const DEFAULT_FIELDS = 1_000
const DEFAULT_LINES = 100

/** The fields that `json` or `logfmt` find in the last lines of a query, and those of structured metadata. */
export const detectedFields: Handler = async (api, asked) => {
  const limit = countParameter(asked.parameters, 'limit', DEFAULT_FIELDS)
  const fields = await fieldsOf(api, asked)
  const told = [...fields].slice(0, limit).map(([label, { values, parsers }]) => ({
    label,
    type: typeOf(values),
    cardinality: values.size,
    parsers: parsers.size === 0 ? null : [...parsers],
  }))
  return jsonAnswer({ fields: told, limit })
}

/** The values of the field that the path names, as many as `limit` says. */
export const detectedFieldValues: Handler = async (api, asked) => {
  const limit = countParameter(asked.parameters, 'limit', DEFAULT_FIELDS)
  const fields = await fieldsOf(api, asked)
  const values = fields.get(asked.parameters.get(':name') ?? '')?.values ?? new Set<string>()
  return jsonAnswer({ values: [...values].sort(compareTexts).slice(0, limit), limit })
}

async function fieldsOf(api: Api, asked: Asked): Promise<Map<string, Field>> {
  const expr = parsedQuery(asked.parameters)
  if (expr.kind !== 'log') throw new Refusal(400, 'only log selector is supported')
  const entries = await lastEntries(api, asked, expr)
  const fields = new Map<string, Field>()
  const addFields = fieldReader(expr.stages, fields)
  for (const entry of entries) addFields(entry)
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
    evaluateLogs(expr, source, { ...bounds, limit, direction: 'backward' }),
  )
  return result.streams.flatMap(({ entries }) => entries)
}
