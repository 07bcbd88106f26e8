/**
 * Samples of a series that come into the windows of a query together, at `enter`, and leave them together, at
 * `leave`: those from the end of the run before it to before `end`.
 */
export type Run = { enter: number; leave: number; end: number }

/** The samples of one series. `times` (ns since 1970) is kept only for operations that ask for it. */
export type Samples = {
  values: number[]
  runs: Run[]
  times: bigint[] | undefined
  /** Whether every sample came after those before it, by time or else by windows. */
  isSorted: boolean
}

/** Two values in exactly the same windows made one, where an operation allows that. */
export type Merge = (a: number, b: number) => number

export const noSamples = (hasTimes: boolean): Samples => ({
  values: [],
  runs: [],
  times: hasTimes ? [] : undefined,
  isSorted: true,
})

/** Adds a sample; with `merge`, makes it one with the last if that is in the same windows. */
export function addSample(
  samples: Samples,
  enter: number,
  leave: number,
  value: number,
  merge: Merge | undefined,
): void {
  const { values, runs } = samples
  const run = runs.length === 0 ? undefined : runs[runs.length - 1]
  if (run !== undefined && run.enter === enter && run.leave === leave) {
    if (merge !== undefined) {
      values[values.length - 1] = merge(values[values.length - 1] ?? 0, value)
      return
    }
    values.push(value)
    run.end++
    return
  }
  if (run !== undefined && (enter < run.enter || leave < run.leave)) samples.isSorted = false
  values.push(value)
  runs.push({ enter, leave, end: values.length })
}

/** Which samples of a run are kept by operations for which time matters. */
export type Timed = 'all' | 'earliest' | 'latest'

/** Adds a sample with its time, ns since 1970, unless one that is in the same windows makes it needless. */
export function addTimedSample(
  samples: Samples,
  times: bigint[],
  { enter, leave }: { enter: number; leave: number },
  value: number,
  timeNs: bigint,
  kept: Timed,
): void {
  const last = times.length - 1
  const lastNs = times[last]
  if (lastNs !== undefined) {
    const run = samples.runs[samples.runs.length - 1]
    if (kept !== 'all' && run?.enter === enter && run.leave === leave) {
      if (kept === 'earliest' ? timeNs >= lastNs : timeNs < lastNs) return
      samples.values[last] = value
      times[last] = timeNs
      return
    }
    if (timeNs < lastNs) samples.isSorted = false
  }
  times.push(timeNs)
  addSample(samples, enter, leave, value, undefined)
}

/** The samples ordered by time (equal times in the order in which they came), or by window if they have no times. */
export function sorted(samples: Samples): Samples {
  if (samples.isSorted) return samples
  return samples.times === undefined ? byWindows(samples) : byTimes(samples, samples.times)
}

function byWindows({ values, runs }: Samples): Samples {
  const parts = runs.map(({ enter, leave, end }, index) => ({
    enter,
    leave,
    values: values.slice(runs[index - 1]?.end ?? 0, end),
  }))
  parts.sort((a, b) => a.enter - b.enter || a.leave - b.leave)
  const result = noSamples(false)
  for (const part of parts)
    for (const value of part.values) addSample(result, part.enter, part.leave, value, undefined)
  return result
}

function byTimes({ values, runs }: Samples, times: readonly bigint[]): Samples {
  const samples = runs.flatMap(({ enter, leave, end }, index) => {
    const from = runs[index - 1]?.end ?? 0
    const span = { enter, leave }
    return values
      .slice(from, end)
      .map((value, offset) => ({ span, value, timeNs: times[from + offset] ?? 0n }))
  })
  samples.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0))
  const result = noSamples(true)
  const resultTimes = result.times ?? []
  for (const { span, value, timeNs } of samples)
    addTimedSample(result, resultTimes, span, value, timeNs, 'all')
  return result
}
