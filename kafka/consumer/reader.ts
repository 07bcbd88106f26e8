/** Where the reading of bytes in the protocol's primitive types stands. Each function below moves it behind what it reads. */
export type Reader = { readonly bytes: Buffer; at: number }

export const readerOf = (bytes: Buffer): Reader => ({ bytes, at: 0 })

export function int16(reader: Reader): number {
  reader.at += 2
  return reader.bytes.readInt16BE(reader.at - 2)
}

export function int32(reader: Reader): number {
  reader.at += 4
  return reader.bytes.readInt32BE(reader.at - 4)
}

export function int64(reader: Reader): bigint {
  reader.at += 8
  return reader.bytes.readBigInt64BE(reader.at - 8)
}

export function skip(reader: Reader, bytes: number): void {
  reader.at += bytes
}

export function text(reader: Reader): string {
  const length = int16(reader)
  skip(reader, length)
  return reader.bytes.toString('utf8', reader.at - length, reader.at)
}

/** A view of bytes that stand behind their length; of null it is empty. */
export function bytes(reader: Reader): Buffer {
  const length = Math.max(0, int32(reader))
  skip(reader, length)
  return reader.bytes.subarray(reader.at - length, reader.at)
}

export function array<Each>(reader: Reader, each: (reader: Reader) => Each): Each[] {
  // Not Array.from, which would make room for a damaged length first.
  const found: Each[] = []
  for (let left = int32(reader); left > 0; left--) found.push(each(reader))
  return found
}
