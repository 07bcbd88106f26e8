import { type Labels } from '../source.ts'
import { type MatrixSeries, type MetricResult } from './metric.ts'

/** A sample as Loki writes it: seconds since 1970, to the millisecond, and the value as a text. */
type RenderedPoint = [number, string]

/** The member `data` of Loki's answer. */
export type RenderedMetric =
  | { resultType: 'scalar'; result: RenderedPoint }
  | { resultType: 'vector'; result: { metric: Record<string, string>; value: RenderedPoint }[] }
  | { resultType: 'matrix'; result: { metric: Record<string, string>; values: RenderedPoint[] }[] }

/** A result in Loki's JSON form. */
export function renderMetric(result: MetricResult): RenderedMetric {
  if (result.type === 'scalar')
    return { resultType: 'scalar', result: [scalarTime(result.timeNs), renderNumber(result.value)] }
  if (result.type === 'vector') {
    const time = seconds(result.timeNs)
    return {
      resultType: 'vector',
      result: result.samples.map(({ labels, value }) => ({
        metric: renderLabels(labels),
        value: [time, renderNumber(value)],
      })),
    }
  }
  return {
    resultType: 'matrix',
    result: result.series.map((series) => ({
      metric: renderLabels(series.labels),
      values: renderPoints(series, 0, series.values.length),
    })),
  }
}

const renderPoints = ({ timesMs, values }: MatrixSeries, from: number, to: number): RenderedPoint[] =>
  values.slice(from, to).map((value, index) => [(timesMs[from + index] ?? 0) / 1000, renderNumber(value)])

/** Points that are rendered at once: about a millisecond of work. */
const POINTS_AT_ONCE = 2_000

/**
 * The JSON text of the `result` of a matrix, bit by bit: all of 500 series at 11,000 steps would take seconds and a
 * gigabyte at once.
 */
export function* matrixTexts(series: readonly MatrixSeries[]): Generator<string> {
  let before = '['
  for (const each of series) {
    yield `${before}{"metric":${JSON.stringify(renderLabels(each.labels))},"values":[`
    before = ','
    for (let from = 0; from < each.values.length; from += POINTS_AT_ONCE) {
      const points = JSON.stringify(renderPoints(each, from, from + POINTS_AT_ONCE))
      yield (from === 0 ? '' : ',') + points.slice(1, -1)
    }
    yield ']}'
  }
  yield series.length === 0 ? '[]' : ']'
}

const seconds = (timeNs: bigint): number => Number(timeNs / 1_000_000n) / 1000

/**
 * The time of a scalar, which Loki 3.7.6 gets wrong: its nanoseconds are multiplied by 1000, past 64 bits,
 * and then divided by a million (found from recorded answers).
 */
const scalarTime = (timeNs: bigint): number => Number(BigInt.asIntN(64, timeNs * 1000n) / 1_000_000n)

/** Labels as an object; made of entries, since a name may be `__proto__`. */
const renderLabels = (labels: Labels): Record<string, string> => Object.fromEntries(labels)

/** A number as Go writes it with format 'f' and the fewest digits that read back the same; `+Inf`, `-Inf`, `NaN`. */
export function renderNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const [digits = '', exponent] = text.split('e')
  return exponent === undefined ? text : shifted(digits, Number(exponent))
}

/** Decimal digits with their point moved right (left for a negative number of places). */
function shifted(digits: string, places: number): string {
  const sign = digits.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = digits.slice(sign.length).split('.')
  return places < 0
    ? `${sign}0.${'0'.repeat(-places - whole.length)}${whole}${fraction}`
    : sign + whole + fraction + '0'.repeat(places - fraction.length)
}
