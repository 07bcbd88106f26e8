import { describe, expect, test } from '@jest/globals'
import { foreignNames } from '../../rules/check.ts'
import { KPIS, type KpiId, kpi, linesInWindow } from '../../rules/kpis.ts'

const scope = { window: '$__range', matchers: ['source=~"$source"', 'zone="a{b}"'] }

describe('the catalogue of KPIs', () => {
  test('each id once, and each title once', () => {
    expect(new Set(KPIS.map(({ id }) => id)).size).toBe(KPIS.length)
    expect(new Set(KPIS.map(({ title }) => title)).size).toBe(KPIS.length)
    for (const each of KPIS) expect(kpi(each.id as KpiId)).toEqual(each)
  })

  test.each(KPIS)('$id is written out', ({ title, about, whenEmpty, warning, critical, bad }) => {
    for (const text of [title, about, whenEmpty]) {
      expect(text.trim()).toBe(text)
      expect(text).not.toMatch(/^$|undefined|NaN/)
    }
    expect(about).toMatch(/\.$/)
    for (const threshold of [warning, critical]) {
      if (threshold === undefined) continue
      expect(bad).toBeDefined()
      expect(Number.isFinite(threshold.value)).toBe(true)
      expect(threshold.origin.length).toBeGreaterThan(5)
    }
    if (warning !== undefined && critical !== undefined)
      expect(bad === 'high' ? critical.value > warning.value : critical.value < warning.value).toBe(true)
  })

  test.each(KPIS)(
    '$id asks the window of its scope, of the contract, and nothing unbounded',
    ({ query, by, unit }) => {
      for (const window of ['5m', '7d', '$__range']) {
        const asked = query({ window })
        expect(foreignNames(asked)).toEqual([])
        const ranges = [...asked.matchAll(/\[([^\]]*)\]/g)].map(([, range]) => range)
        expect(ranges.length).toBe(asked.match(/\{job=[^}]*\}/g)?.length)
        expect(new Set(ranges)).toEqual(new Set([window]))
        // An empty series beside those of sources would be a source without a name.
        if (by !== undefined) expect(asked).not.toContain('vector(')
        if (by !== undefined) expect(asked).toContain(`by (${by})`)
        if (by === undefined) expect(asked).not.toMatch(/by \((?!job\))/)
        if (unit === 'ratio') expect(asked).toContain(' / ')
      }
    },
  )

  const ofNoSource: readonly string[] = ['rejected', 'deadLetters', 'ownErrors'] satisfies KpiId[]
  test.each(KPIS.filter(({ id }) => !ofNoSource.includes(id)))(
    '$id holds every selector to the matchers of its scope',
    ({ query }) => {
      const selectors = query(scope).match(/\{job=(?:"[^"]*"|[^}"])*\}/g) ?? []
      expect(selectors.length).toBeGreaterThan(0)
      for (const selector of selectors)
        for (const matcher of scope.matchers) expect(selector).toContain(matcher)
    },
  )
})

test('linesInWindow counts what has no state, too', () => {
  expect(linesInWindow({ window: '5m' })).toBe('sum(count_over_time({job="kafka-logs"}[5m])) or vector(0)')
})
