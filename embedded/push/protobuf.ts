import { Refusal } from '../refusal.ts'
import { type NewEntry } from '../store/store.ts'
import { type Budget, MAX_SECONDS, type PushedStream, spend } from './pushed.ts'

/** Where in a push the reading is. One object for the whole, since each field moves it. */
type Reader = { bytes: Buffer; at: number; budget: Budget }

const cut = (): Refusal => new Refusal(400, 'unexpected EOF: the protobuf message is cut short')

/** Protobuf's wire types. */
const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2
const FIXED32 = 5
const MAX_VARINT_BYTES = 10

function readVarint(reader: Reader): number {
  const { bytes } = reader
  const first = bytes[reader.at++]
  if (first === undefined) throw cut()
  if (first < 0x80) return first
  let value = first & 0x7f
  let factor = 0x80
  for (let count = 1; count < MAX_VARINT_BYTES; count++) {
    const byte = bytes[reader.at++]
    if (byte === undefined) throw cut()
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return value
    factor *= 0x80
  }
  throw new Refusal(400, 'proto: a number is longer than 10 bytes')
}

/** The end of the part that begins here, which its length says. */
function readEnd(reader: Reader, end: number): number {
  const length = readVarint(reader)
  const partEnd = reader.at + length
  if (!(partEnd <= end)) throw cut()
  return partEnd
}

function skip(reader: Reader, wireType: number, end: number): void {
  if (wireType === VARINT) readVarint(reader)
  else if (wireType === DELIMITED) reader.at = readEnd(reader, end)
  else if (wireType === FIXED64) reader.at += 8
  else if (wireType === FIXED32) reader.at += 4
  else throw new Refusal(400, `proto: illegal wireType ${wireType}`)
  if (reader.at > end) throw cut()
}

/** Field numbers and wire types in one, as they stand before a field. */
const TAG = {
  streams: 0x0a,
  labels: 0x0a,
  entries: 0x12,
  timestamp: 0x0a,
  line: 0x12,
  metadata: 0x1a,
  seconds: 0x08,
  nanos: 0x10,
  name: 0x0a,
  value: 0x12,
}

function readText(reader: Reader, end: number): string {
  const textEnd = readEnd(reader, end)
  const text = reader.bytes.toString('utf8', reader.at, textEnd)
  reader.at = textEnd
  return text
}

/**
 * Reads Loki's `logproto.PushRequest` (its public push.proto). Lines are views of the given bytes, not
 * copies. Throws Refusal (400) for what is no such message, 413 for one of too many parts.
 */
export function decodePush(bytes: Buffer): PushedStream[] {
  const reader: Reader = { bytes, at: 0, budget: { parts: 0 } }
  const streams: PushedStream[] = []
  while (reader.at < bytes.length) {
    const tag = readVarint(reader)
    if (tag === TAG.streams) streams.push(readStream(reader, readEnd(reader, bytes.length)))
    else skip(reader, tag & 7, bytes.length)
  }
  return streams
}

function readStream(reader: Reader, end: number): PushedStream {
  spend(reader.budget)
  const stream: PushedStream = { labels: '', entries: [] }
  while (reader.at < end) {
    const tag = readVarint(reader)
    if (tag === TAG.entries) stream.entries.push(readEntry(reader, readEnd(reader, end)))
    else if (tag === TAG.labels) stream.labels = readText(reader, end)
    else skip(reader, tag & 7, end)
  }
  return stream
}

const NO_LINE = Buffer.alloc(0)

function readEntry(reader: Reader, end: number): NewEntry {
  spend(reader.budget)
  let time: Time = EPOCH
  let line: Buffer = NO_LINE
  let metadata: Map<string, string> | undefined
  while (reader.at < end) {
    const tag = readVarint(reader)
    if (tag === TAG.timestamp) time = readTime(reader, readEnd(reader, end))
    else if (tag === TAG.line) {
      const lineEnd = readEnd(reader, end)
      line = reader.bytes.subarray(reader.at, lineEnd)
      reader.at = lineEnd
    } else if (tag === TAG.metadata) {
      metadata ??= new Map()
      readPair(reader, readEnd(reader, end), metadata)
    } else skip(reader, tag & 7, end)
  }
  return { seconds: time.seconds, nanos: time.nanos, line, metadata }
}

type Time = { seconds: number; nanos: number }
const EPOCH: Time = { seconds: 0, nanos: 0 }

function readTime(reader: Reader, end: number): Time {
  let seconds = 0
  let nanos = 0
  while (reader.at < end) {
    const tag = readVarint(reader)
    if (tag === TAG.seconds) seconds = readVarint(reader)
    else if (tag === TAG.nanos) nanos = readVarint(reader)
    else skip(reader, tag & 7, end)
  }
  // A time before 1970 is a negative number, which protobuf writes as a very large one.
  if (seconds > MAX_SECONDS || nanos >= 1e9)
    throw new Refusal(400, 'a timestamp lies before 1970 or after 2262')
  return { seconds, nanos }
}

function readPair(reader: Reader, end: number, into: Map<string, string>): void {
  spend(reader.budget)
  let name = ''
  let value = ''
  while (reader.at < end) {
    const tag = readVarint(reader)
    if (tag === TAG.name) name = readText(reader, end)
    else if (tag === TAG.value) value = readText(reader, end)
    else skip(reader, tag & 7, end)
  }
  if (value !== '') into.set(name, value)
}
