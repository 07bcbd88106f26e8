/**
 * The samples of one series. Sample i is in the windows from `enter[i]` to before `leave[i]`. `times` (ns since
 * 1970) is kept only for operations that ask for it.
 */
export type Samples = {
  enter: number[]
  leave: number[]
  values: number[]
  times: bigint[] | undefined
  /** Whether every sample came after those before it, by time or else by windows. */
  isSorted: boolean
}

/** Two values in exactly the same windows made one, where an operation allows that. */
export type Merge = (a: number, b: number) => number

export const noSamples = (hasTimes: boolean): Samples => ({
  enter: [],
  leave: [],
  values: [],
  times: hasTimes ? [] : undefined,
  isSorted: true,
})

/** Adds a sample whose time is not needed; makes it one with the last if that is in the same windows. */
export function addSample(
  samples: Samples,
  enter: number,
  leave: number,
  value: number,
  merge: Merge | undefined,
): void {
  const last = samples.values.length - 1
  if (last >= 0) {
    const lastEnter = samples.enter[last] ?? 0
    const lastLeave = samples.leave[last] ?? 0
    if (merge !== undefined && lastEnter === enter && lastLeave === leave) {
      samples.values[last] = merge(samples.values[last] ?? 0, value)
      return
    }
    if (enter < lastEnter || leave < lastLeave) samples.isSorted = false
  }
  samples.enter.push(enter)
  samples.leave.push(leave)
  samples.values.push(value)
}

/** Adds a sample with its time. */
export function addTimedSample(
  samples: Samples,
  times: bigint[],
  enter: number,
  leave: number,
  value: number,
  timeNs: bigint,
): void {
  const last = times.at(-1)
  if (last !== undefined && timeNs < last) samples.isSorted = false
  times.push(timeNs)
  samples.enter.push(enter)
  samples.leave.push(leave)
  samples.values.push(value)
}

/** The samples in the order of their times; those of equal times as they came. */
export function sorted(samples: Samples): Samples {
  if (samples.isSorted) return samples
  const { enter, leave, values, times } = samples
  const at = <T>(list: readonly T[], index: number, otherwise: T): T => list[index] ?? otherwise
  const order = Array.from(values, (_, index) => index).sort((a, b) => {
    if (times === undefined) return at(enter, a, 0) - at(enter, b, 0) || at(leave, a, 0) - at(leave, b, 0)
    const difference = at(times, a, 0n) - at(times, b, 0n)
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  })
  return {
    enter: order.map((index) => at(enter, index, 0)),
    leave: order.map((index) => at(leave, index, 0)),
    values: order.map((index) => at(values, index, 0)),
    times: times && order.map((index) => at(times, index, 0n)),
    isSorted: true,
  }
}
