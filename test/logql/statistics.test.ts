import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { labelsKey, withLabel } from '../../logql/evaluate/labels.ts'
import { renderMetric, renderNumber } from '../../logql/evaluate/render.ts'
import { slideTo, sliding } from '../../logql/evaluate/sliding.ts'
import { joinMoments, meanOf, momentsOf, quantileOf, select } from '../../logql/evaluate/statistics.ts'
import { compareTexts } from '../../logql/strings.ts'

/** Without −0, which is in any order with 0. */
const number = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value + 0)
const numbers = fc.array(number, { minLength: 1, maxLength: 200 })

describe('quantiles', () => {
  it('are those of the sorted values', () => {
    const repeated = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(
        fc.oneof(numbers, repeated),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, quantile) => {
          const ascending = values.toSorted((a, b) => a - b)
          const rank = quantile * (values.length - 1)
          const lower = ascending[Math.floor(rank)] ?? 0
          const upper = ascending[Math.min(Math.floor(rank) + 1, values.length - 1)] ?? 0
          const weight = rank - Math.floor(rank)
          expect(quantileOf(quantile, Float64Array.from(values))).toBe(lower * (1 - weight) + upper * weight)
        },
      ),
    )
  })

  it('select the same rank when the rest is sorted at last', () => {
    fc.assert(
      fc.property(numbers, fc.nat(199), fc.nat(3), (values, place, maxHalvings) => {
        const rank = place % values.length
        const selected = Float64Array.from(values)
        select(selected, 0, rank, maxHalvings)
        expect(selected[rank]).toBe(values.toSorted((a, b) => a - b)[rank])
      }),
    )
  })

  it('outside of 0 to 1 are infinite', () => {
    expect(quantileOf(-0.1, Float64Array.of(1))).toBe(-Infinity)
    expect(quantileOf(1.1, Float64Array.of(1))).toBe(Infinity)
    expect(quantileOf(0.5, Float64Array.of())).toBeNaN()
  })
})

describe('moments', () => {
  it('joined are those of all values', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const of = (values: readonly number[]) => values.map(momentsOf).reduce(joinMoments)
        const [joined, all] = [joinMoments(of(a), of(b)), of([...a, ...b])]
        const scale = Math.max(1e-100, ...[...a, ...b].map(Math.abs))
        expect(joined.count).toBe(all.count)
        expect(Math.abs(joined.mean - all.mean)).toBeLessThanOrEqual(1e-12 * scale)
        expect(Math.abs(joined.mean - meanOf([...a, ...b]))).toBeLessThanOrEqual(1e-12 * scale)
        expect(Math.abs(joined.squares - all.squares)).toBeLessThanOrEqual(1e-11 * scale * scale * all.count)
      }),
    )
  })
})

describe('a sliding window', () => {
  it('folds exactly what is in it, in order', () => {
    const moves = fc.array(fc.tuple(fc.nat(3), fc.nat(5)), { maxLength: 40 })
    fc.assert(
      fc.property(moves, (steps) => {
        const state = sliding<string>()
        let [low, high] = [0, 1]
        for (const [dropped, added] of steps) {
          high += added
          low = Math.min(low + dropped, high - 1)
          const folded = slideTo(state, low, high, { at: (index) => `${index},`, join: (a, b) => a + b })
          expect(folded).toBe(Array.from({ length: high - low }, (_, index) => `${low + index},`).join(''))
        }
      }),
    )
  })
})

describe('numbers in answers', () => {
  it.each([
    [0, '0'],
    [-0, '-0'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1e21, '1000000000000000000000'],
    [1.5e300, `15${'0'.repeat(299)}`],
    [-2.5e-7, '-0.00000025'],
    [5e-324, `0.${'0'.repeat(323)}5`],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [Number.NaN, 'NaN'],
  ])('%d is %s', (value, text) => {
    expect(renderNumber(value)).toBe(text)
  })

  it('read back the same, without an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(renderNumber(value))).toBe(value)
        expect(renderNumber(value)).toMatch(/^-?\d+(\.\d+)?$/)
      }),
    )
  })

  it('have times in seconds, to the millisecond', () => {
    const timeNs = 1_700_000_000_123_999_999n
    const samples = [{ labels: new Map([['__proto__', 'x']]), value: 1 }]
    const rendered = renderMetric({ type: 'vector', timeNs, samples })
    expect(JSON.stringify(rendered)).toBe(
      '{"resultType":"vector","result":[{"metric":{"__proto__":"x"},"value":[1700000000.123,"1"]}]}',
    )
  })
})

describe('labels', () => {
  it('are ordered by code points', () => {
    expect(compareTexts('a', 'b')).toBeLessThan(0)
    expect(compareTexts('a', 'ab')).toBeLessThan(0)
    expect(compareTexts('\uffff', '😀')).toBeLessThan(0)
    expect(compareTexts('é', 'é')).toBe(0)
  })

  it('have a key of their own', () => {
    const key = (...labels: [string, string][]) => labelsKey(new Map(labels))
    expect(key(['a', 'b'])).not.toBe(key(['ab', '']))
    expect(key(['a', '1:b1:c'])).not.toBe(key(['a', ''], ['b', 'c']))
  })

  it('stay sorted when one is added', () => {
    const labels = new Map([
      ['a', '1'],
      ['c', '3'],
    ])
    expect([...withLabel(labels, 'b', '2').keys()]).toEqual(['a', 'b', 'c'])
    expect([...withLabel(labels, 'a', '')]).toEqual([['c', '3']])
    expect(labels.size).toBe(2)
  })
})
