import { encodeBlock } from './block.ts'
import { BLOCK_BYTES, sorted, split } from './columns.ts'
import { arrivedIn, fits, newOpenBlock, type OpenBlock, offsetOf, sizeOf } from './open-block.ts'
import { type Head, type HeadStream, type Keys, type State, type Stream } from './state.ts'

/** The stream's part of the head, made when it has none. */
export function headStreamOf(head: Head, stream: Stream): HeadStream {
  const known = head.streams.get(stream)
  if (known !== undefined) return known
  const made: HeadStream = { stream, full: [], open: [] }
  head.streams.set(stream, made)
  stream.heads.push(made)
  return made
}

/** The block that an entry of that time goes into: nearly always the same, but times may lie years apart. */
export function openFor({ open }: HeadStream, seconds: number, nanos: number): OpenBlock {
  for (const block of open) if (fits(block, offsetOf(block, seconds, nanos))) return block
  const block = newOpenBlock(seconds, nanos)
  open.push(block)
  return block
}

/** Encodes the open blocks that have at least that many bytes. */
export function closeBlocks(headStream: HeadStream, keys: Keys, leastBytes = BLOCK_BYTES): void {
  if (!headStream.open.some((block) => sizeOf(block) >= leastBytes)) return
  const isFull = (block: OpenBlock) => sizeOf(block) >= leastBytes
  for (const block of headStream.open.filter(isFull))
    for (const columns of split(sorted(arrivedIn(block)))) {
      const encoded = encodeBlock(columns)
      headStream.full.push({
        ...encoded,
        key: keys.next++,
        hasMetadata: encoded.sections.metadata.length > 0,
        read: (section) => encoded.sections[section],
      })
    }
  headStream.open = headStream.open.filter((block) => !isFull(block))
}

/** The time of the newest entry of a stream in a head. */
export function newestNsOf({ full, open }: HeadStream): bigint | undefined {
  let newest: bigint | undefined
  const consider = (ns: bigint) => {
    if (newest === undefined || ns > newest) newest = ns
  }
  for (const { facts } of full) consider(facts.lastNs)
  for (const block of open) consider(arrivedIn(block).baseNs + BigInt(block.latest))
  return newest
}

/** The head that is added to. */
export function currentHead(state: State): Head {
  const head = state.heads.at(-1)
  if (head === undefined) throw new Error('the store is closed')
  return head
}
