/** The larger value; NaN only when both are. */
export const larger = (a: number, b: number): number => (b > a || Number.isNaN(a) ? b : a)
/** The smaller value; NaN only when both are. */
export const smaller = (a: number, b: number): number => (b < a || Number.isNaN(a) ? b : a)

/** The mean of the values from `low` to before `high`, even where their sum is no longer finite. */
export function meanOf(values: readonly number[], low = 0, high = values.length): number {
  let mean = 0
  for (let index = low; index < high; index++) {
    const value = values[index] ?? 0
    // An infinite mean stays, unless the other infinity or NaN comes: ∞ − ∞ would be NaN.
    if (Math.abs(mean) === Number.POSITIVE_INFINITY && (value === mean || Number.isFinite(value))) continue
    const count = index - low + 1
    mean += value / count - mean / count
  }
  return mean
}

/** Count, mean and sum of the squared distances from the mean of some values. */
export type Moments = { count: number; mean: number; squares: number }

export const momentsOf = (value: number): Moments => ({ count: 1, mean: value, squares: value - value })

/** The moments of two sets of values together (Chan, Golub and LeVeque 1983). */
export function joinMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count
  const distance = b.mean - a.mean
  return {
    count,
    mean: a.mean + distance * (b.count / count),
    squares: a.squares + b.squares + distance * distance * ((a.count / count) * b.count),
  }
}

/** Halvings after which `select` sorts what is left: an ordinary input of 2^32 values needs fewer. */
const MAX_HALVINGS = 64

/**
 * Swaps the values from an index on so that those before `rank` are no larger than it and those after it no
 * smaller. No NaN. No order of the values makes it slower than sorting.
 */
export function select(values: Float64Array, from: number, rank: number, maxHalvings = MAX_HALVINGS): void {
  let low = from
  let high = values.length - 1
  for (let halvings = 0; low < high; halvings++) {
    if (halvings === maxHalvings) {
      values.subarray(low, high + 1).sort()
      return
    }
    const pivot = medianOfThree(values, low, high)
    let left = low
    let right = high
    while (left <= right) {
      while ((values[left] ?? pivot) < pivot) left++
      while ((values[right] ?? pivot) > pivot) right--
      if (left <= right) swap(values, left++, right--)
    }
    if (rank <= right) high = right
    else if (rank >= left) low = left
    else return
  }
}

function swap(values: Float64Array, a: number, b: number): void {
  const kept = values[a] ?? 0
  values[a] = values[b] ?? 0
  values[b] = kept
}

function medianOfThree(values: Float64Array, low: number, high: number): number {
  const first = values[low] ?? 0
  const middle = values[(low + high) >>> 1] ?? 0
  const last = values[high] ?? 0
  return Math.max(Math.min(first, middle), Math.min(Math.max(first, middle), last))
}

/**
 * The quantile of some values as Prometheus defines it: a straight line between the two nearest ranks, NaN
 * below all other values, −∞ for a quantile below 0 and +∞ above 1. Reorders the values.
 */
export function quantileOf(quantile: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(quantile)) return Number.NaN
  if (quantile < 0) return Number.NEGATIVE_INFINITY
  if (quantile > 1) return Number.POSITIVE_INFINITY
  let numbersFrom = 0
  for (let index = 0; index < values.length; index++)
    if (Number.isNaN(values[index])) swap(values, index, numbersFrom++)
  const rank = quantile * (values.length - 1)
  const lowerRank = Math.floor(rank)
  if (lowerRank >= numbersFrom) select(values, numbersFrom, lowerRank)
  const lower = values[lowerRank] ?? Number.NaN
  const upper = lowerRank + 1 < values.length ? leastFrom(values, lowerRank + 1) : lower
  const weight = rank - lowerRank
  return lower * (1 - weight) + upper * weight
}

/** The least of the values from an index on: after `select` of the rank before, this is the next rank. */
function leastFrom(values: Float64Array, from: number): number {
  let least = values[from] ?? Number.NaN
  if (Number.isNaN(least)) return least
  for (let index = from + 1; index < values.length; index++) {
    const value = values[index] ?? least
    if (value < least) least = value
  }
  return least
}
