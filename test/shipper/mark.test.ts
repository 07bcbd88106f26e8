import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readMark, writeMark } from '../../shipper/mark.ts'

describe('the mark of a committed offset', () => {
  test('is read as it was written', () => {
    const offset = fc.bigInt({ min: 0n, max: 2n ** 62n })
    fc.assert(
      fc.property(offset, fc.bigInt({ min: 0n, max: 2n ** 20n }), (at, ahead) => {
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
    expect(readMark(7n, metadata)).toEqual({ offset: 7n, until: 7n })
  })

  test('of an offset that was moved on by hand says nothing either', () => {
    expect(readMark(700n, writeMark({ offset: 5n, until: 600n }))).toEqual({ offset: 700n, until: 700n })
  })
})
