import { isUtf8 } from 'node:buffer'
import { type Aliases, EPOCH_UNITS, FIELDS, type Field, UNITS } from './aliases.ts'
import { type LogLine, lineSchema, MAX_DURATION_SECONDS, REJECT_REASONS, type RejectReason } from './line.ts'
import { canonicalTime, timeMs, timeWriter } from './time.ts'

/** A record that is not a log line: why, and the detail that helps to mend it. */
export type Rejection = { reason: RejectReason; detail: string }
/** A log line, with its start and end in ms since 1970 so that nobody has to parse them again. */
export type Timed = { line: LogLine; startMs: number; endMs: number }
export type Normalised = Timed | { rejection: Rejection }

/** Times before 2000 or after 2200 are unit mistakes (seconds read as milliseconds, or the reverse). */
const EARLIEST_MS = Date.UTC(2000, 0, 1)
const LATEST_MS = Date.UTC(2200, 0, 1)

/** A detail ends up on terminals and in headers: it must be short, and must not steer anything. */
const reject = (reason: RejectReason, detail: string): { rejection: Rejection } => ({
  rejection: { reason, detail: detail.slice(0, 200).replace(/[\p{Cc}\p{Cf}]/gu, '�') },
})

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/**
 * Returns a function that turns one raw record (the bytes of one JSON value) into a log line, or
 * says why it is none. Pure: neither clock nor I/O.
 *
 * `keyCount` is how many keys the record's text has at its top level; JSON.parse would silently
 * keep the last of two equal keys, so a difference means that one was lost.
 */
export function normaliser(aliases: Aliases): (raw: Uint8Array, keyCount?: number) => Normalised {
  const known = new Map<string, Known>()
  for (const field of FIELDS) {
    aliases.fields[field].forEach(({ name, unit }, index) => {
      const key = name.toLowerCase()
      if (!known.has(key))
        known.set(key, { field, rank: index, factor: unit && { ...UNITS, ...EPOCH_UNITS }[unit] })
    })
  }

  return (raw, keyCount) => {
    if (!isUtf8(raw)) return reject('invalid_utf8', 'the bytes are not UTF-8')
    let parsed: unknown
    try {
      parsed = JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8'))
    } catch (error) {
      return reject('not_json', (error as SyntaxError).message)
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      return reject('not_an_object', `found ${shown(parsed)}`)
    const keys = Object.keys(parsed)
    if (keyCount !== undefined && keyCount > keys.length)
      return reject('duplicate_key', `${keyCount} keys are written, ${keys.length} differ`)
    return toLine(renamed(parsed as Record<string, unknown>, known), aliases.states)
  }
}

const FIELD_SET: ReadonlySet<string> = new Set(FIELDS)

/** True for a record that has the contract's names only: most have, and need no renaming. */
function isCanonical(record: Record<string, unknown>): boolean {
  for (const key in record) if (!FIELD_SET.has(key) || record[key] === null) return false
  return true
}

/** What an alias stands for; `rank` is its place among the field's aliases, the first wins. */
type Known = { field: Field; rank: number; factor: number | undefined }

/**
 * Gives the contract's names to the fields that have another. A field under its own name wins, then
 * the first of its aliases; what loses stays as it is. Null counts as absent.
 */
function renamed(
  record: Record<string, unknown>,
  known: ReadonlyMap<string, Known>,
): Record<string, unknown> {
  if (isCanonical(record)) return record
  const chosen = new Map<Field, { key: string; alias: Known }>()
  for (const [key, value] of Object.entries(record)) {
    const alias = FIELD_SET.has(key) ? undefined : known.get(key.toLowerCase())
    if (alias === undefined || value === null || (record[alias.field] ?? null) !== null) continue
    const rival = chosen.get(alias.field)
    if (rival === undefined || alias.rank < rival.alias.rank) chosen.set(alias.field, { key, alias })
  }
  // Without a prototype, so that a key such as `constructor` is only a key.
  const result: Record<string, unknown> = Object.create(null)
  const taken = new Set([...chosen.values()].map(({ key }) => key))
  for (const [key, value] of Object.entries(record)) {
    const isAbsent = value === null && (FIELD_SET.has(key) || known.has(key.toLowerCase()))
    if (!isAbsent && !taken.has(key) && key !== '__proto__') result[key] = value
  }
  for (const [field, { key, alias }] of chosen) result[field] = converted(record[key], alias)
  return result
}

function converted(value: unknown, { field, factor }: Known): unknown {
  if (typeof value !== 'number' || factor === undefined) return value
  if (field !== 'debut' && field !== 'fin') return round(value * factor)
  const ms = value * factor
  return ms >= EARLIEST_MS && ms <= LATEST_MS ? new Date(ms).toISOString() : String(value)
}

/** A microsecond and a byte are the finest that the contract's units need to show. */
const round = (amount: number): number => Math.round(amount * 1e6) / 1e6

function toLine(record: Record<string, unknown>, states: Aliases['states']): Normalised {
  const word = typeof record.etat === 'string' ? record.etat.toLowerCase() : ''
  if (Object.hasOwn(states, word)) record.etat = states[word]
  const result = lineSchema.safeParse(record)
  if (!result.success) {
    const issue = result.error.issues[0]
    const field = String(issue?.path[0] ?? '')
    const value = record[field]
    if (value === undefined) return reject('missing_field', `no \`${field}\``)
    const reason = issue !== undefined && issue.message in REJECT_REASONS ? issue.message : 'wrong_type'
    return reject(reason as RejectReason, `\`${field}\` is ${shown(value)}`)
  }
  const { data } = result
  const times = reconciled(data.debut, data.fin, data.duree)
  if ('rejection' in times) return times
  const { startMs, endMs, seconds } = times
  const line: LogLine = {
    debut: canonicalTime(data.debut, startMs),
    fin: canonicalTime(data.fin, endMs),
    duree: seconds,
    etat: data.etat,
    source: data.source,
    entreprise: data.entreprise,
    zone: data.zone,
    cpu: data.cpu,
    memoire: data.memoire,
    description: data.description,
  }
  for (const key in data) if (!Object.hasOwn(line, key)) line[key] = data[key]
  return { line, startMs, endMs }
}

type Times = { startMs: number; endMs: number; seconds: number }

/** Any two of start, end and duration give the third; all three are kept as they were given. */
function reconciled(
  debut: string | undefined,
  fin: string | undefined,
  duree: number | undefined,
): Times | { rejection: Rejection } {
  let startMs = debut === undefined ? undefined : timeMs(debut)
  let endMs = fin === undefined ? undefined : timeMs(fin)
  if (!isPlausible(startMs)) return reject('bad_time', `\`debut\` is ${shown(debut)}`)
  if (!isPlausible(endMs)) return reject('bad_time', `\`fin\` is ${shown(fin)}`)
  if (duree !== undefined) {
    if (startMs !== undefined) endMs ??= startMs + Math.round(duree * 1000)
    if (endMs !== undefined) startMs ??= endMs - Math.round(duree * 1000)
  }
  if (endMs === undefined) return reject('missing_field', 'no `fin`')
  if (startMs === undefined) return reject('missing_field', 'neither `debut` nor `duree`')
  if (endMs < startMs) return reject('end_before_start', `\`fin\` ${fin} is before \`debut\` ${debut}`)
  if (!isPlausible(startMs) || !isPlausible(endMs))
    return reject('bad_time', 'the run would lie before 2000 or after 2200')
  const seconds = duree ?? (endMs - startMs) / 1000
  if (seconds > MAX_DURATION_SECONDS)
    return reject('bad_duration', `${seconds} s between \`debut\` and \`fin\``)
  return { startMs, endMs, seconds }
}

const isPlausible = (ms: number | undefined): boolean =>
  ms === undefined || (ms >= EARLIEST_MS && ms <= LATEST_MS)

/** The line as it is written, once: the Kafka value, and the Loki line. */
export const serialise = (line: LogLine): string => JSON.stringify(line)

const writeStart = timeWriter()
const writeEnd = timeWriter()

/** The same line at another time: the end moves to `endMs`, the start keeps its distance to it. */
export function movedTo({ line, startMs, endMs: fromMs }: Timed, endMs: number): LogLine {
  return { ...line, debut: writeStart(startMs + endMs - fromMs), fin: writeEnd(endMs) }
}
