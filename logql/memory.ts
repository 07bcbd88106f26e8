import { compileMatchers } from './matchers.ts'
import { type Block, blockOf, type Labels, type Source } from './source.ts'

export type MemoryEntry = { timeNs: bigint; line: string; metadata?: Labels | undefined }
export type MemoryStream = { labels: Labels; entries: readonly MemoryEntry[] }

/** Shorter than the longest span of a block, which is 2^53 ns. */
const MAX_SPAN_NS = 100n * 86_400_000_000_000n

/** Entries in memory as a source of queries; those of a stream may come in any order. Pure. */
export function memorySource(streams: readonly MemoryStream[]): Source {
  const stored = streams.map(({ labels, entries }) => ({ labels, blocks: blocksOf(entries) }))
  return {
    *select(matchers, fromNs, toNs) {
      const matches = compileMatchers(matchers)
      return stored
        .filter(({ labels }) => matches(labels))
        .map(({ labels, blocks }) => ({
          labels,
          blocks: blocks.filter(({ firstNs, lastNs }) => lastNs >= fromNs && firstNs <= toNs),
        }))
        .filter(({ blocks }) => blocks.length > 0)
    },
  }
}

function blocksOf(entries: readonly MemoryEntry[]): Block[] {
  const sorted = [...entries].sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0))
  const blocks: Block[] = []
  let begin = 0
  for (let end = 1; end <= sorted.length; end++) {
    const [first, next] = [sorted[begin], sorted[end]]
    if (first === undefined) break
    if (next !== undefined && next.timeNs - first.timeNs < MAX_SPAN_NS) continue
    blocks.push(blockOf(sorted.slice(begin, end)))
    begin = end
  }
  return blocks
}
