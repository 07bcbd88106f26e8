import { z } from 'zod'
import { type Labels } from '../../logql/source.ts'
import { reasonOf } from '../../service/errors.ts'
import { Refusal } from '../refusal.ts'
import { type NewEntry } from '../store/store.ts'
import { labelsText } from './labels.ts'
import { type Budget, MAX_SECONDS, type PushedStream, spend } from './pushed.ts'

/** Where Loki's own words for a wrong push in JSON begin. */
const PLACE = 'loghttp.PushRequest.Streams: []loghttp.LogProtoStream: '

const wrong = (cause: string): Refusal => new Refusal(400, `${PLACE}${cause}`)

const textRecord = z.record(z.string(), z.string())
/** Entries are read one by one: there may be very many. */
const pushSchema = z.object({
  streams: z.array(z.object({ stream: textRecord, values: z.array(z.unknown()).optional() })),
})
const oldPushSchema = z.object({
  streams: z.array(
    z.object({ labels: z.string(), entries: z.array(z.object({ ts: z.string(), line: z.string() })) }),
  ),
})

function parsed<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.output<Schema> {
  let content: unknown
  try {
    content = JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw wrong(reasonOf(error))
  }
  const result = schema.safeParse(content)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw wrong(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

/**
 * Reads a push in JSON: `{"streams": [{"stream": {…}, "values": [["<ns>", "<line>", {…}]]}]}`. Throws
 * Refusal (400) that says which part is wrong.
 */
export function decodeJsonPush(body: Buffer): PushedStream[] {
  const budget: Budget = { parts: 0 }
  return parsed(pushSchema, body).streams.map(({ stream, values }, index) => {
    spend(budget)
    return {
      labels: labelsText(Object.entries(stream)),
      entries: (values ?? []).map((value, at) => entryOf(value, `streams.${index}.values.${at}`, budget)),
    }
  })
}

function entryOf(value: unknown, place: string, budget: Budget): NewEntry {
  spend(budget)
  if (!Array.isArray(value)) throw wrong(`${place}: an entry is a list of a time, a line and metadata`)
  const [time, line, metadata]: unknown[] = value
  if (typeof time !== 'string') throw wrong(`${place}.0: the time is not a text of nanoseconds`)
  if (typeof line !== 'string') throw wrong(`${place}.1: the line is not a text`)
  return { ...timeOf(time, place), line: Buffer.from(line), metadata: metadataOf(metadata, place, budget) }
}

const NANOSECONDS = /^\d{1,19}$/

function timeOf(text: string, place: string): { seconds: number; nanos: number } {
  if (!NANOSECONDS.test(text)) throw wrong(`${place}.0: "${text.slice(0, 40)}" is not a time in nanoseconds`)
  const seconds = Number(text.slice(0, -9))
  if (seconds > MAX_SECONDS) throw wrong(`${place}.0: the time lies after 2262`)
  return { seconds, nanos: Number(text.slice(-9)) }
}

function metadataOf(metadata: unknown, place: string, budget: Budget): Labels | undefined {
  if (metadata === undefined) return undefined
  const result = textRecord.safeParse(metadata)
  if (!result.success) throw wrong(`${place}.2: structured metadata is an object of texts`)
  const pairs = Object.entries(result.data).filter(([, value]) => value !== '')
  for (let count = 0; count < pairs.length; count++) spend(budget)
  return pairs.length === 0 ? undefined : new Map(pairs)
}

/** Reads the older form in JSON, `{"streams": [{"labels": "{…}", "entries": [{"ts": "<RFC 3339>", "line": …}]}]}`. */
export function decodeOldJsonPush(body: Buffer): PushedStream[] {
  return parsed(oldPushSchema, body).streams.map(({ labels, entries }) => ({
    labels,
    entries: entries.map(({ ts, line }, at) => ({
      ...rfc3339(ts, at),
      line: Buffer.from(line),
      metadata: undefined,
    })),
  }))
}

const FRACTION = /\.(\d{1,9})/

function rfc3339(text: string, at: number): { seconds: number; nanos: number } {
  const ms = Date.parse(text.replace(FRACTION, ''))
  if (!(ms >= 0)) throw wrong(`entries.${at}.ts: "${text.slice(0, 40)}" is not a time in RFC 3339`)
  return { seconds: Math.floor(ms / 1_000), nanos: Number((FRACTION.exec(text)?.[1] ?? '').padEnd(9, '0')) }
}
