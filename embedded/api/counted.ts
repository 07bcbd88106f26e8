import { type Block, type Source } from '../../logql/source.ts'

/** What a query has read until now. */
export type ReadCount = { lines: number; bytes: number }

/** The same source; each block that is read for the first time is added to the count. */
export function countedSource(source: Source, count: ReadCount): Source {
  return {
    select: (matchers, fromNs, toNs) =>
      source.select(matchers, fromNs, toNs).map(({ labels, blocks }) => ({
        labels,
        blocks: blocks.map((block) => countedBlock(block, count)),
      })),
  }
}

function countedBlock(block: Block, count: ReadCount): Block {
  let isCounted = false
  const read = () => {
    if (isCounted) return
    isCounted = true
    count.lines += block.count
    count.bytes += block.bytes
  }
  return {
    ...block,
    times() {
      read()
      return block.times()
    },
    lines() {
      read()
      return block.lines()
    },
  }
}
