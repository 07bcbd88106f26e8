import { describe, expect, it } from '@jest/globals'
import { type MatrixSeries } from '../../logql/evaluate/metric.ts'
import { matrixTexts, renderMetric } from '../../logql/evaluate/render.ts'

const seriesOf = (name: string, count: number): MatrixSeries => ({
  labels: new Map([['a"b', name]]),
  timesMs: Array.from({ length: count }, (_, index) => 1_795_093_260_000 + index),
  values: Array.from({ length: count }, (_, index) => (index % 3 === 0 ? Number.NaN : index / 7)),
})

describe('a matrix rendered bit by bit', () => {
  it.each([[[]], [[1]], [[0, 2_000, 2_001, 4_000]]])(
    'says the same as one that is rendered at once: series of %j points',
    (counts) => {
      const series = counts.map((count, index) => seriesOf(`s${index}`, count))
      const { result } = renderMetric({ type: 'matrix', series })
      expect([...matrixTexts(series)].join('')).toBe(JSON.stringify(result))
    },
  )

  it('comes in texts that take little time each', () => {
    const lengths = [...matrixTexts([seriesOf('s', 11_000)])].map((text) => text.length)
    expect(Math.max(...lengths)).toBeLessThan(100_000)
  })
})
