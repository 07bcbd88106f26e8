/** Items so that the first, by `before`, is at index 0. */
export type Heap<Item> = { items: Item[]; before: (a: Item, b: Item) => boolean }

/** A heap of these items. Takes the array over. */
export function heapOf<Item>(items: Item[], before: Heap<Item>['before']): Heap<Item> {
  const heap = { items, before }
  for (let index = (items.length >> 1) - 1; index >= 0; index--) sink(heap, index)
  return heap
}

/** Removes the first item. */
export function removeFirst<Item>(heap: Heap<Item>): void {
  const last = heap.items.pop()
  if (last === undefined || heap.items.length === 0) return
  heap.items[0] = last
  sink(heap, 0)
}

/** Puts the first item in its place after it has changed. */
export const replaceFirst = <Item>(heap: Heap<Item>): void => sink(heap, 0)

/** The item that would be first without the first. */
export function second<Item>({ items: [, left, right], before }: Heap<Item>): Item | undefined {
  return left !== undefined && right !== undefined && before(right, left) ? right : left
}

function sink<Item>({ items, before }: Heap<Item>, from: number): void {
  const item = items[from]
  if (item === undefined) return
  let index = from
  for (;;) {
    let child = 2 * index + 1
    const left = items[child]
    if (left === undefined) break
    const right = items[child + 1]
    let least = left
    if (right !== undefined && before(right, left)) {
      least = right
      child++
    }
    if (!before(least, item)) break
    items[index] = least
    index = child
  }
  items[index] = item
}
