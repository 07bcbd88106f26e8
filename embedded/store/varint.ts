/** The most bytes a number below 2^53 takes. */
export const MAX_VARINT_BYTES = 8

/**
 * Writes a whole number from 0 to 2^53 - 1 at `at`, seven bits a byte, the lowest first, as Protocol Buffers
 * do. Returns where the next one goes.
 */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value
  let next = at
  while (rest >= 0x80) {
    target[next++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  target[next++] = rest
  return next
}

/** Reads as many numbers as `target` has places, from the start of `bytes`. Returns where the last one ended. */
export function readVarints(bytes: Uint8Array, target: Float64Array | Uint32Array): number {
  let at = 0
  for (let index = 0; index < target.length; index++) {
    let byte = bytes[at++] ?? 0
    let value = byte & 0x7f
    let scale = 0x80
    while (byte >= 0x80) {
      byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * scale
      scale *= 0x80
    }
    target[index] = value
  }
  return at
}
