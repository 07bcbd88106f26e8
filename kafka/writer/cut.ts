import { HEADER } from '../../log/names.ts'
import { append, BATCH_HEAD_BYTES, noRecords, type RecordParts } from '../record-batch.ts'

/** The size of a batch that holds only this record, uncompressed, in bytes. */
export function sizeAlone(record: RecordParts): number {
  const records = noRecords(1_024)
  append(records, record, 0, 0)
  return BATCH_HEAD_BYTES + records.length
}

/** A varint of a length takes five bytes at most; the value's, the record's, and the mark's may each grow to it. */
const VARINTS_BYTES = 3 * 5

/**
 * A record with the beginning of its value, so that a batch of it alone is not larger than `maxBytes`,
 * uncompressed; HEADER.cut says how many bytes the value had. Text in UTF-8 is cut between two characters.
 * Where the key and the headers leave no room, the value is empty and the key is cut, too. Undefined when that
 * does not help either. Pure.
 */
export function cutTo<Each extends RecordParts>(record: Each, maxBytes: number): Each | undefined {
  const value = bytesOf(record.value)
  const already = record.headers?.[HEADER.cut]
  const headers = { ...record.headers, [HEADER.cut]: already ?? String(value?.length ?? 0) }
  const bare = sizeAlone({ key: record.key ?? null, value: '', headers }) + VARINTS_BYTES
  if (bare <= maxBytes) return { ...record, headers, value: value && beginning(value, maxBytes - bare) }
  const key = bytesOf(record.key)
  const keyless = sizeAlone({ key: null, value: '', headers }) + VARINTS_BYTES
  if (key === null || keyless > maxBytes) return undefined
  return { ...record, headers, value: value && EMPTY, key: beginning(key, maxBytes - keyless) }
}

const EMPTY = Buffer.alloc(0)

const bytesOf = (value: RecordParts['value'] | undefined): Buffer | null =>
  value === null || value === undefined ? null : Buffer.from(value as string)

/** At most so many bytes from the start; never only a part of a character of UTF-8. */
export function beginning(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length <= maxBytes) return bytes
  const end = Math.max(0, maxBytes)
  let start = end
  while (start > 0 && end - start < MAX_CONTINUATIONS && isContinuation(bytes[start])) start--
  // Bytes that are no UTF-8 may go on with continuations for ever: those are cut anywhere.
  return bytes.subarray(0, isContinuation(bytes[start]) ? end : start)
}

/** A character of UTF-8 takes four bytes at most, so three of them continue it. */
const MAX_CONTINUATIONS = 3
const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80
