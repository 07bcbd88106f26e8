/** One line to store. The time is split because a nanosecond does not fit a JavaScript number. */
export type Entry = { seconds: number; nanos: number; line: Uint8Array }
/** Lines of one stream; `labels` is the stream's selector as Loki writes it: `{a="b", c="d"}`. */
export type Stream = { labels: string; entries: Entry[] }

const VARINT_LIMIT = 0x80

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= VARINT_LIMIT; rest = Math.floor(rest / VARINT_LIMIT)) size++
  return size
}

function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value
  let position = at
  while (rest >= VARINT_LIMIT) {
    target[position++] = (rest % VARINT_LIMIT) | VARINT_LIMIT
    rest = Math.floor(rest / VARINT_LIMIT)
  }
  target[position++] = rest
  return position
}

const lengthDelimited = (bytes: number): number => 1 + varintSize(bytes) + bytes

const timestampSize = ({ seconds, nanos }: Entry): number =>
  (seconds === 0 ? 0 : 1 + varintSize(seconds)) + (nanos === 0 ? 0 : 1 + varintSize(nanos))

const entrySize = (entry: Entry): number =>
  lengthDelimited(timestampSize(entry)) + lengthDelimited(entry.line.byteLength)

/** Tags of protobuf: field number << 3 | wire type (0 varint, 2 length-delimited). */
const TAG = {
  streams: 0x0a,
  labels: 0x0a,
  entries: 0x12,
  timestamp: 0x0a,
  line: 0x12,
  seconds: 0x08,
  nanos: 0x10,
}

/**
 * Encodes Loki's `logproto.PushRequest` (pkg/push/push.proto) into one buffer of exactly its size.
 * Times must not be before 1970. Pure.
 */
export function encodePush(streams: readonly Stream[]): Buffer {
  const labels = streams.map((stream) => Buffer.from(stream.labels, 'utf8'))
  const sizes = streams.map((stream, index) => {
    let size = lengthDelimited(labels[index]?.byteLength ?? 0)
    for (const entry of stream.entries) size += lengthDelimited(entrySize(entry))
    return size
  })
  const target = Buffer.allocUnsafe(sizes.reduce((total, size) => total + lengthDelimited(size), 0))
  let at = 0
  streams.forEach((stream, index) => {
    target[at++] = TAG.streams
    at = writeVarint(target, at, sizes[index] ?? 0)
    at = writeBytes(target, at, TAG.labels, labels[index] ?? Buffer.alloc(0))
    for (const entry of stream.entries) at = writeEntry(target, at, entry)
  })
  return target
}

function writeBytes(target: Uint8Array, start: number, tag: number, bytes: Uint8Array): number {
  target[start] = tag
  const at = writeVarint(target, start + 1, bytes.byteLength)
  target.set(bytes, at)
  return at + bytes.byteLength
}

function writeEntry(target: Uint8Array, start: number, entry: Entry): number {
  let at = start
  target[at++] = TAG.entries
  at = writeVarint(target, at, entrySize(entry))
  target[at++] = TAG.timestamp
  at = writeVarint(target, at, timestampSize(entry))
  if (entry.seconds !== 0) {
    target[at++] = TAG.seconds
    at = writeVarint(target, at, entry.seconds)
  }
  if (entry.nanos !== 0) {
    target[at++] = TAG.nanos
    at = writeVarint(target, at, entry.nanos)
  }
  return writeBytes(target, at, TAG.line, entry.line)
}
