/**
 * The fold of a window that only moves forward, in two parts: `front[i]` is the fold of the older values from the
 * (frontLow + i)th on, `back` that of the newer ones. Values that leave are never subtracted, so they leave no rounding
 * error; each value is folded twice at most.
 */
export type Sliding<T> = {
  front: T[]
  frontLow: number
  middle: number
  high: number
  back: T | undefined
}

export const sliding = <T>(): Sliding<T> => ({ front: [], frontLow: 0, middle: 0, high: 0, back: undefined })

/** What is folded: the value at an index, and two neighbouring parts into one, the older first. */
export type Fold<T> = { at: (index: number) => T; join: (older: T, newer: T) => T }

/** The fold of the values from `low` to before `high`, neither of which may move back. At least one value. */
export function slideTo<T>(state: Sliding<T>, low: number, high: number, { at, join }: Fold<T>): T {
  if (low >= state.middle) {
    const front: T[] = new Array<T>(high - low)
    let folded = at(high - 1)
    front[high - low - 1] = folded
    for (let index = high - 2; index >= low; index--) {
      folded = join(at(index), folded)
      front[index - low] = folded
    }
    Object.assign(state, { front, frontLow: low, middle: high, high, back: undefined })
    return folded
  }
  for (let index = state.high; index < high; index++)
    state.back = state.back === undefined ? at(index) : join(state.back, at(index))
  state.high = high
  const front = state.front[low - state.frontLow]
  if (front === undefined) throw new RangeError('a sliding window moved back')
  return state.back === undefined ? front : join(front, state.back)
}
