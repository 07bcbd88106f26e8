import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type AlertState, compared } from '../../../rules/testing/run.ts'

const crm = { source: 'crm' }
const firing = (labels: Record<string, string>): AlertState => ({ labels, state: 'firing' })
const pending = (labels: Record<string, string>): AlertState => ({ labels, state: 'pending' })

describe('compared', () => {
  test('nothing is expected and nothing is there', () => {
    expect(compared({ firing: [], pending: [] }, [])).toEqual({ missing: [], unexpected: [] })
  })

  test('what is missing, and what should not be there', () => {
    expect(compared({ firing: [crm], pending: [] }, [firing({ source: 'erp' })])).toEqual({
      missing: [firing(crm)],
      unexpected: [firing({ source: 'erp' })],
    })
  })

  test('pending is not firing', () => {
    expect(compared({ firing: [crm], pending: [] }, [pending(crm)])).toEqual({
      missing: [firing(crm)],
      unexpected: [pending(crm)],
    })
  })

  test('a label more or less is another alert', () => {
    const more = { ...crm, zone: 'eu' }
    expect(compared({ firing: [crm], pending: [] }, [firing(more)]).unexpected).toEqual([firing(more)])
    expect(compared({ firing: [more], pending: [] }, [firing(crm)]).missing).toEqual([firing(more)])
  })

  test('the same alert twice is one too many, unless twice is expected', () => {
    const twice = [firing(crm), firing(crm)]
    expect(compared({ firing: [crm], pending: [] }, twice)).toEqual({
      missing: [],
      unexpected: [firing(crm)],
    })
    expect(compared({ firing: [crm, crm], pending: [] }, twice)).toEqual({ missing: [], unexpected: [] })
    expect(compared({ firing: [crm, crm], pending: [] }, [firing(crm)]).missing).toEqual([firing(crm)])
  })

  test('neither the order of alerts nor that of labels matters; what differs is told in full', () => {
    const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'))
    const state = fc.record({ labels, state: fc.constantFrom('firing' as const, 'pending' as const) })
    const reversed = ({ labels: own, state: of }: AlertState): AlertState => ({
      ...{ labels: Object.fromEntries(Object.entries(own).reverse()), state: of },
    })
    fc.assert(
      fc.property(fc.array(state), fc.array(state), (both, more) => {
        const of = (wanted: AlertState['state']) =>
          both.filter(({ state: each }) => each === wanted).map(({ labels: own }) => own)
        const expected = { firing: of('firing'), pending: of('pending') }
        const found = [...both].reverse().map(reversed)
        expect(compared(expected, found)).toEqual({ missing: [], unexpected: [] })
        expect(compared(expected, [...found, ...more]).unexpected).toHaveLength(more.length)
      }),
    )
  })
})
