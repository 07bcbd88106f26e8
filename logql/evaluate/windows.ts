import { type Block } from '../source.ts'

/**
 * The windows of a range aggregation: number k, of `count`, is (end − rangeNs, end] with
 * end = firstEndNs + k · stepNs.
 */
export type Windows = { firstEndNs: bigint; stepNs: bigint; count: number; rangeNs: bigint }

/**
 * Neighbouring entries of a block, `from` included and `to` not, that are in the same windows: they come in
 * at window `enter` and are gone at window `leave`.
 */
export type Span = { from: number; to: number; enter: number; leave: number }

/** The first of the boundaries first + k · step that is not before the time; `count` when none is. */
function boundaryFrom(firstNs: bigint, { stepNs, count }: Windows, timeNs: bigint): number {
  const afterNs = timeNs - firstNs
  if (afterNs <= 0n) return 0
  if (stepNs <= 0n) return count
  const index = (afterNs + stepNs - 1n) / stepNs
  return index < BigInt(count) ? Number(index) : count
}

/**
 * The entries of a block by the windows that they are in, without those that are in none. Exact to the
 * nanosecond. Reads the times only of a block that has a window's edge inside.
 */
export function spansOf(block: Block, windows: Windows): Span[] {
  const { firstEndNs, rangeNs } = windows
  const firstStartNs = firstEndNs - rangeNs
  const enter = boundaryFrom(firstEndNs, windows, block.firstNs)
  const leave = boundaryFrom(firstStartNs, windows, block.firstNs)
  const lastEnter = boundaryFrom(firstEndNs, windows, block.lastNs)
  const lastLeave = boundaryFrom(firstStartNs, windows, block.lastNs)
  if (enter === lastEnter && leave === lastLeave)
    return enter < leave ? [{ from: 0, to: block.count, enter, leave }] : []
  if (lastLeave === 0 || enter === windows.count) return []
  return cut(block, windows, enter, leave)
}

/** A boundary in ns after the block's first entry; infinite after the last boundary. */
const relative = (block: Block, firstNs: bigint, { stepNs, count }: Windows, index: number): number =>
  index === count ? Number.POSITIVE_INFINITY : Number(firstNs + BigInt(index) * stepNs - block.firstNs)

function cut(block: Block, windows: Windows, firstEnter: number, firstLeave: number): Span[] {
  const times = block.times()
  const stepNs = Number(windows.stepNs)
  const spans: Span[] = []
  let enter = firstEnter
  let leave = firstLeave
  // Boundaries count from the block's first entry: exact wherever the block has entries.
  let enterAt = relative(block, windows.firstEndNs, windows, enter)
  let leaveAt = relative(block, windows.firstEndNs - windows.rangeNs, windows, leave)
  let from = 0
  for (let index = 0; index <= times.length; index++) {
    const time = times[index] ?? Number.POSITIVE_INFINITY
    if (time <= enterAt && time <= leaveAt && index < times.length) continue
    if (from < index && enter < leave) spans.push({ from, to: index, enter, leave })
    if (index === times.length) break
    from = index
    while (time > enterAt) enterAt = ++enter === windows.count ? Number.POSITIVE_INFINITY : enterAt + stepNs
    while (time > leaveAt) leaveAt = ++leave === windows.count ? Number.POSITIVE_INFINITY : leaveAt + stepNs
  }
  return spans
}
