import { type RecordHeaders } from './headers.ts'

/** What all records of a batch share. Numbers of 64 bits are texts. */
export type BatchContext = {
  firstOffset: string
  firstTimestamp: string
  maxTimestamp: string
  /** 1: Kafka's time of arrival, the batch's last time, counts for all its records. */
  timestampType: number
}
export const LOG_APPEND_TIME = 1

/** A batch's uncompressed bytes, and what its records' numbers are counted from. */
type BatchBytes = {
  context: BatchContext
  bytes: Buffer
  /** The memory that the bytes lie in, from `byteOffset` on. */
  buffer: ArrayBufferLike
  byteOffset: number
  firstOffset: number
  firstTimestampMs: number
  /** The time of all records, where Kafka's time of arrival counts. */
  arrivalMs: number | undefined
}

/** What the records of a batch share: its bytes, uncompressed, and its context. Pure. */
export function batchOf(bytes: Buffer, context: BatchContext): BatchBytes {
  const arrivesAtOnce = context.timestampType === LOG_APPEND_TIME && context.maxTimestamp !== ''
  return {
    context,
    bytes,
    buffer: bytes.buffer,
    byteOffset: bytes.byteOffset,
    firstOffset: Number(context.firstOffset),
    firstTimestampMs: Number(context.firstTimestamp),
    arrivalMs: arrivesAtOnce ? Number(context.maxTimestamp) : undefined,
  }
}

/**
 * A record of a fetch. What it holds is made when it is asked for: texts of numbers, views of the
 * batch. Who reads many records reads its value where it stands, as an ArrayBufferView's, or in `bytes`;
 * a view for each value and key, and a text for each offset, were half of a shipped record's memory.
 */
export class DecodedRecord implements ArrayBufferView {
  constructor(
    private readonly batch: BatchBytes,
    readonly attributes: number,
    private readonly timestampDelta: number | bigint,
    private readonly offsetDelta: number,
    private readonly keyStart: number,
    private readonly keyLength: number,
    /** Where the value begins in `bytes`. */
    readonly valueStart: number,
    private readonly valueLength: number,
    readonly headers: RecordHeaders,
  ) {}

  /** The batch's bytes. */
  get bytes(): Buffer {
    return this.batch.bytes
  }
  get buffer(): ArrayBufferLike {
    return this.batch.buffer
  }
  get byteOffset(): number {
    return this.batch.byteOffset + this.valueStart
  }
  get byteLength(): number {
    return Math.max(0, this.valueLength)
  }
  /** A record without a value, which deletes what its key stands for. */
  get isTombstone(): boolean {
    return this.valueLength < 0
  }
  get value(): Buffer | null {
    return this.view(this.valueStart, this.valueLength)
  }
  get key(): Buffer | null {
    return this.view(this.keyStart, this.keyLength)
  }
  /** As a number: Kafka's offsets do not come near 2⁵³. */
  get offsetNumber(): number {
    return this.batch.firstOffset + this.offsetDelta
  }
  get offset(): string {
    return sumText(this.batch.context.firstOffset, this.offsetDelta)
  }
  /** When Kafka got it, or its producer sent it, as the topic has it. */
  get timestampMs(): number {
    return this.batch.arrivalMs ?? this.batch.firstTimestampMs + Number(this.timestampDelta)
  }
  get timestamp(): string {
    const { arrivalMs, context } = this.batch
    return arrivalMs === undefined
      ? sumText(context.firstTimestamp, this.timestampDelta)
      : context.maxTimestamp
  }

  private view(start: number, length: number): Buffer | null {
    return length < 0 ? null : this.batch.bytes.subarray(start, start + length)
  }
}

/** A record of these parts, as if it had been fetched. */
export function recordOf(parts: {
  value: Buffer | null
  key?: Buffer | null | undefined
  headers?: RecordHeaders | undefined
  offset?: number
  timestampMs?: number
}): DecodedRecord {
  const { key = null, value, headers = {}, offset = 0, timestampMs = 0 } = parts
  const [keyLength, valueLength] = [key?.length ?? -1, value?.length ?? -1]
  const bytes = Buffer.concat([key ?? EMPTY, value ?? EMPTY])
  const batch = batchOf(bytes, { ...ALONE, firstOffset: String(offset), firstTimestamp: String(timestampMs) })
  return new DecodedRecord(batch, 0, 0, 0, 0, keyLength, Math.max(0, keyLength), valueLength, headers)
}

const EMPTY = Buffer.alloc(0)
/** The context of a record that came in no batch. */
const ALONE: BatchContext = {
  firstOffset: '0',
  firstTimestamp: '0',
  maxTimestamp: '0',
  timestampType: 0,
}

/** Numbers of 64 bits, beyond those that a JavaScript number holds. */
function sumText(base: string, delta: number | bigint): string {
  const sum = Number(base) + Number(delta)
  return String(
    Number.isSafeInteger(sum) && Number.isSafeInteger(Number(base)) ? sum : BigInt(base) + BigInt(delta),
  )
}
