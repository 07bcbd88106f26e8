import { type RangeOperation } from '../ast.ts'
import { type Merge, type Samples, type Timed } from './samples.ts'
import { type Fold, type Sliding, slideTo, sliding } from './sliding.ts'
import { joinMoments, larger, type Moments, meanOf, momentsOf, quantileOf, smaller } from './statistics.ts'

/** What a line gives as its sample when nothing is unwrapped. */
export type SampleOf = 'one' | 'bytes'

/** How a range operation takes samples in. */
export type Intake = {
  sampleOf: SampleOf
  /** For operations that do not need each value. */
  merge: Merge | undefined
  /** For operations for which the order of samples matters. */
  timed: Timed | undefined
}

const add = (a: number, b: number): number => a + b
const COUNTED: Intake = { sampleOf: 'one', merge: add, timed: undefined }
const MEASURED: Intake = { sampleOf: 'bytes', merge: add, timed: undefined }
const EACH: Intake = { sampleOf: 'one', merge: undefined, timed: undefined }

export const INTAKES: Record<RangeOperation, Intake> = {
  count_over_time: COUNTED,
  rate: COUNTED,
  absent_over_time: { ...COUNTED, merge: larger },
  sum_over_time: COUNTED,
  bytes_over_time: MEASURED,
  bytes_rate: MEASURED,
  max_over_time: { ...COUNTED, merge: larger },
  min_over_time: { ...COUNTED, merge: smaller },
  avg_over_time: EACH,
  stdvar_over_time: EACH,
  stddev_over_time: EACH,
  quantile_over_time: EACH,
  first_over_time: { ...EACH, timed: 'earliest' },
  last_over_time: { ...EACH, timed: 'latest' },
  rate_counter: { ...EACH, timed: 'all' },
}

/**
 * A window over sorted samples that only moves on, and what is remembered of it between two steps. In it are
 * the runs from `lowRun` to before `highRun`, the samples from `low` to before `high`.
 */
export type SampleWindow = {
  samples: Samples
  lowRun: number
  highRun: number
  low: number
  high: number
  values: Sliding<number> | undefined
  moments: Sliding<Moments> | undefined
  /** See `resetsOf`. */
  resets: number[] | undefined
}

export const sampleWindow = (samples: Samples): SampleWindow => ({
  samples,
  lowRun: 0,
  highRun: 0,
  low: 0,
  high: 0,
  values: undefined,
  moments: undefined,
  resets: undefined,
})

/** Moves the window on to a step. Returns whether samples are in it. */
export function moveTo(window: SampleWindow, step: number): boolean {
  const { runs } = window.samples
  for (let run = runs[window.highRun]; run !== undefined && run.enter <= step; run = runs[window.highRun]) {
    window.high = run.end
    window.highRun++
  }
  for (let run = runs[window.lowRun]; run !== undefined && run.leave <= step; run = runs[window.lowRun]) {
    if (window.lowRun === window.highRun) break
    window.low = run.end
    window.lowRun++
  }
  return window.low < window.high
}

/** Whether no sample will come into the window any more, and none is in it. */
export const isOver = ({ samples, lowRun }: SampleWindow): boolean => lowRun === samples.runs.length

/** A range operation with its parameter and its range. */
export type Operation = { name: RangeOperation; quantile: number; rangeNs: bigint }

/** The operation's value for the samples in a window that has some. */
export function valueIn(window: SampleWindow, operation: Operation): number {
  const { low, high, samples } = window
  switch (operation.name) {
    case 'count_over_time':
    case 'bytes_over_time':
    case 'sum_over_time':
      return folded(window, add)
    case 'rate':
    case 'bytes_rate':
      return folded(window, add) / secondsOf(operation.rangeNs)
    case 'max_over_time':
      return folded(window, larger)
    case 'min_over_time':
      return folded(window, smaller)
    case 'avg_over_time': {
      const mean = folded(window, add) / (high - low)
      return Number.isFinite(mean) ? mean : meanOf(samples.values, low, high)
    }
    case 'stdvar_over_time':
      return varianceIn(window)
    case 'stddev_over_time':
      return Math.sqrt(varianceIn(window))
    case 'quantile_over_time':
      return quantileOf(operation.quantile, Float64Array.from(samples.values.slice(low, high)))
    case 'first_over_time':
      return samples.values[low] ?? Number.NaN
    case 'last_over_time':
      return samples.values[high - 1] ?? Number.NaN
    case 'rate_counter':
      return counterRate(window, operation.rangeNs)
    case 'absent_over_time':
      return 1
  }
}

const secondsOf = (ns: bigint): number => Number(ns) / 1e9

function folded(window: SampleWindow, join: (a: number, b: number) => number): number {
  const { values } = window.samples
  if (window.high - window.low === 1) return values[window.low] ?? Number.NaN
  window.values ??= sliding()
  const fold: Fold<number> = { at: (index) => values[index] ?? Number.NaN, join }
  return slideTo(window.values, window.low, window.high, fold)
}

function varianceIn(window: SampleWindow): number {
  const { values } = window.samples
  window.moments ??= sliding()
  const fold: Fold<Moments> = { at: (index) => momentsOf(values[index] ?? Number.NaN), join: joinMoments }
  const { squares, count } = slideTo(window.moments, window.low, window.high, fold)
  return squares / count
}

/** The values that resets of a counter lost: entry i is the value before a reset between i − 1 and i, else 0. */
function resetsOf(values: readonly number[]): number[] {
  return values.map((value, index) => {
    const before = values[index - 1] ?? value
    return value < before ? before : 0
  })
}

/**
 * The increase of a counter per second; 0 for a single sample. Loki 3.7 extrapolates to the whole window as Prometheus
 * does, but mixes units: the time between samples is in µs and the range in seconds, so that it adds next to nothing
 * (Loki issue 23670). This does the same.
 */
function counterRate(window: SampleWindow, rangeNs: bigint): number {
  const { low, high, samples } = window
  const [first, last] = [samples.values[low], samples.values[high - 1]]
  const [firstNs, lastNs] = [samples.times?.[low], samples.times?.[high - 1]]
  if (high - low < 2 || first === undefined || last === undefined) return 0
  if (firstNs === undefined || lastNs === undefined) return 0
  window.resets ??= resetsOf(samples.values)
  window.values ??= sliding()
  const resets = window.resets
  const fold: Fold<number> = { at: (index) => resets[index] ?? 0, join: add }
  const rise = last - first + slideTo(window.values, low + 1, high, fold)
  const sampledMicros = Number(lastNs - firstNs) / 1000
  const rangeSeconds = secondsOf(rangeNs)
  let beforeFirst = Number(rangeNs / 1_000_000n) / 1000
  if (rise > 0 && first >= 0) beforeFirst = Math.min(beforeFirst, sampledMicros * (first / rise))
  const meanInterval = sampledMicros / (high - low - 1)
  const added = beforeFirst < meanInterval * 1.1 ? beforeFirst : meanInterval / 2
  return (rise * ((sampledMicros + added) / sampledMicros)) / rangeSeconds
}
