import { type Letter } from './letter.ts'

/** Kafka takes batches of 1 MB by default (`message.max.bytes`); keys and headers come on top of the values. */
const MAX_BYTES = 500_000
/** A transaction costs some 30 ms, whatever is in it; this many letters are through within 100 ms. */
const MAX_LETTERS = 1_000

/** Cuts letters into those of one transaction each; a larger letter goes alone. Pure. */
export function* chunks(
  letters: readonly Letter[],
  maxBytes = MAX_BYTES,
  maxLetters = MAX_LETTERS,
): Generator<Letter[]> {
  let chunk: Letter[] = []
  let bytes = 0
  for (const letter of letters) {
    const isFull = chunk.length === maxLetters || bytes + letter.value.length > maxBytes
    if (chunk.length > 0 && isFull) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(letter)
    bytes += letter.value.length
  }
  if (chunk.length > 0) yield chunk
}
