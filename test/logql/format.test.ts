import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatExpr } from '../../logql/format.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { answersOf } from './recorded.ts'
import { expr } from './trees.ts'

const format = (query: string): string => formatExpr(parseExpr(query))

describe('formatting LogQL', () => {
  it.each(
    answersOf('format')
      .filter(({ status }) => status === 200)
      .map(({ params, data }) => [String(params.query), String(data)]),
  )('writes %s as Loki does', (query, expected) => {
    expect(format(query)).toBe(expected)
  })

  it('writes what parses to the same tree', () => {
    fc.assert(
      fc.property(expr, (tree) => {
        expect(parseExpr(formatExpr(tree))).toEqual(tree)
      }),
      { numRuns: 2000 },
    )
  })
})
