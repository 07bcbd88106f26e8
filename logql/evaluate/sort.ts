/** Items that are sorted or merged between two yields: less than a millisecond. */
const RUN = 1_024

/**
 * The items in their order, those that are equal as they came. Yields now and then: a hundred thousand take a tenth of
 * a second or more. Leaves the given array as it is.
 */
export function* sortedInPieces<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Generator<void, Item[]> {
  if (items.length <= RUN) return items.toSorted(compare)
  let from: Item[] = []
  for (let start = 0; start < items.length; start += RUN) {
    for (const item of items.slice(start, start + RUN).sort(compare)) from.push(item)
    yield
  }
  for (let length = RUN; length < items.length; length *= 2) from = yield* merged(from, length, compare)
  return from
}

/** Runs of that length, two of which become one. */
function* merged<Item>(
  from: readonly Item[],
  length: number,
  compare: (a: Item, b: Item) => number,
): Generator<void, Item[]> {
  const to: Item[] = []
  for (let start = 0; start < from.length; start += 2 * length) {
    const middle = Math.min(start + length, from.length)
    const end = Math.min(middle + length, from.length)
    let [left, right] = [start, middle]
    while (left < middle || right < end) {
      const [a, b] = [from[left], from[right]]
      const isLeft = right === end || (left < middle && compare(a as Item, b as Item) <= 0)
      to.push((isLeft ? a : b) as Item)
      if (isLeft) left++
      else right++
      if (to.length % RUN === 0) yield
    }
  }
  return to
}
