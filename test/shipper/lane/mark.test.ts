import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readMark, writeMark } from '../../../shipper/lane/mark.ts'

describe('the mark of a committed offset', () => {
  test('is read as it was written', () => {
    const offset = fc.nat(2 ** 31 - 1)
    fc.assert(
      fc.property(offset, fc.nat(2 ** 20), (at, ahead) => {
        const mark = { offset: at, until: at + ahead }
        expect(readMark(at, writeMark(mark))).toEqual(mark)
      }),
    )
  })

  test.each([
    null,
    undefined,
    '',
    'promtail',
    'vigie until=',
    'vigie until=x',
    'vigie until=99999999999999999999',
  ])('%j says that nothing is uncertain', (metadata) => {
    expect(readMark(7, metadata)).toEqual({ offset: 7, until: 7 })
  })

  test('of an offset that was moved on by hand says nothing either', () => {
    expect(readMark(700, writeMark({ offset: 5, until: 600 }))).toEqual({ offset: 700, until: 700 })
  })
})
