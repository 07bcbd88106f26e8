/** A name and its value: structured metadata, which Loki keeps beside a line, not in it. */
export type Metadata = readonly (readonly [name: string, value: string])[]
/**
 * One line to store. The time is split because a nanosecond does not fit a JavaScript number. The line may be
 * anything that says where its bytes lie.
 */
export type Entry = { seconds: number; nanos: number; line: ArrayBufferView; metadata?: Metadata }
/**
 * Lines of one stream; `labels` is the stream's selector as Loki writes it: `{a="b", c="d"}`. Streams of
 * a tenant other than that of the settings name it, and do not share a push with others.
 */
export type Stream = { labels: string; entries: Entry[]; tenant?: string | undefined }

/** A line's bytes, not copied. Pure. */
export const lineBytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)

/** What tells a stream from all others: its labels and, where it names one, its tenant. Pure. */
export const streamKey = ({ labels, tenant }: Pick<Stream, 'labels' | 'tenant'>): string =>
  tenant === undefined ? labels : `${tenant} ${labels}`

const VARINT_LIMIT = 0x80
/** Above this, numbers have no bits in JavaScript's sense. */
const MAX_INT32 = 0x7fffffff

function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  let size = 2
  for (let rest = Math.floor(value / 0x4000); rest > 0; rest = Math.floor(rest / VARINT_LIMIT)) size++
  return size
}

function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value
  let position = at
  for (; rest > MAX_INT32; rest = Math.floor(rest / VARINT_LIMIT))
    target[position++] = (rest % VARINT_LIMIT) | VARINT_LIMIT
  for (; rest >= VARINT_LIMIT; rest >>>= 7) target[position++] = (rest & 0x7f) | VARINT_LIMIT
  target[position++] = rest
  return position
}

const lengthDelimited = (bytes: number): number => 1 + varintSize(bytes) + bytes

const timestampSize = ({ seconds, nanos }: Entry): number =>
  (seconds === 0 ? 0 : 1 + varintSize(seconds)) + (nanos === 0 ? 0 : 1 + varintSize(nanos))

function entrySize(entry: Entry): number {
  const size = lengthDelimited(timestampSize(entry)) + lengthDelimited(entry.line.byteLength)
  return entry.metadata === undefined ? size : size + metadataSize(entry.metadata)
}

const pairSize = (name: string, value: string): number =>
  lengthDelimited(Buffer.byteLength(name)) + lengthDelimited(Buffer.byteLength(value))

/** The bytes that structured metadata adds to its entry in a push. Pure. */
export function metadataSize(metadata: Metadata): number {
  let size = 0
  for (const [name, value] of metadata) size += lengthDelimited(pairSize(name, value))
  return size
}

/** Tags of protobuf: field number << 3 | wire type (0 varint, 2 length-delimited). */
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

/**
 * Encodes Loki's `logproto.PushRequest` (pkg/push/push.proto) into one buffer of exactly its size, which
 * `allocate` gives. Times must not be before 1970. Pure but for that.
 */
export function encodePush(
  streams: readonly Stream[],
  allocate: (bytes: number) => Buffer = Buffer.allocUnsafe,
): Buffer {
  const entrySizes = new Int32Array(streams.reduce((count, { entries }) => count + entries.length, 0))
  let sized = 0
  const streamSizes: number[] = []
  let total = 0
  for (const { labels, entries } of streams) {
    let size = lengthDelimited(Buffer.byteLength(labels))
    for (const entry of entries) {
      const bytes = entrySize(entry)
      entrySizes[sized++] = bytes
      size += lengthDelimited(bytes)
    }
    streamSizes.push(size)
    total += lengthDelimited(size)
  }
  const target = allocate(total)
  let at = 0
  let written = 0
  streams.forEach(({ labels, entries }, index) => {
    target[at] = TAG.streams
    at = writeVarint(target, at + 1, streamSizes[index] as number)
    at = writeText(target, at, TAG.labels, labels)
    for (const entry of entries) at = writeEntry(target, at, entry, entrySizes[written++] as number)
  })
  return target
}

function writeText(target: Buffer, start: number, tag: number, text: string): number {
  target[start] = tag
  const bytes = Buffer.byteLength(text)
  const at = writeVarint(target, start + 1, bytes)
  target.write(text, at, bytes)
  return at + bytes
}

function writeEntry(target: Buffer, start: number, entry: Entry, size: number): number {
  const { seconds, nanos, line, metadata } = entry
  let at = start
  target[at++] = TAG.entries
  at = writeVarint(target, at, size)
  target[at++] = TAG.timestamp
  at = writeVarint(target, at, timestampSize(entry))
  if (seconds !== 0) {
    target[at++] = TAG.seconds
    at = writeVarint(target, at, seconds)
  }
  if (nanos !== 0) {
    target[at++] = TAG.nanos
    at = writeVarint(target, at, nanos)
  }
  target[at++] = TAG.line
  at = writeVarint(target, at, line.byteLength)
  target.set(new Uint8Array(line.buffer, line.byteOffset, line.byteLength), at)
  at += line.byteLength
  return metadata === undefined ? at : writeMetadata(target, at, metadata)
}

function writeMetadata(target: Buffer, start: number, metadata: Metadata): number {
  let at = start
  for (const [name, value] of metadata) {
    target[at++] = TAG.metadata
    at = writeVarint(target, at, pairSize(name, value))
    at = writeText(target, at, TAG.name, name)
    at = writeText(target, at, TAG.value, value)
  }
  return at
}
