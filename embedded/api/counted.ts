import { type Block, type SelectedStream, type Source } from '../../logql/source.ts'

/** What a query has read until now. */
export type ReadCount = { lines: number; bytes: number }

/** Less than a millisecond of work. */
const STREAMS_BETWEEN_YIELDS = 512

/** The same source; each block that is read for the first time is added to the count. */
export function countedSource(source: Source, count: ReadCount): Source {
  return {
    *select(matchers, fromNs, toNs) {
      const counted: SelectedStream[] = []
      for (const { labels, blocks } of yield* source.select(matchers, fromNs, toNs)) {
        counted.push({ labels, blocks: blocks.map((block) => countedBlock(block, count)) })
        if (counted.length % STREAMS_BETWEEN_YIELDS === 0) yield
      }
      return counted
    },
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
