import { expect, test } from '@jest/globals'
import { panelQueries } from '../../grafana/dashboards.ts'
import { asAsked } from '../../grafana/query.ts'
import { expand, formatInterval, interpolatedByServer, intervalMs, type View } from './expand.ts'

const view: View = {
  fromMs: 0,
  toMs: 86_400_400,
  choices: { source: ['a.b', 'c'], zone: 'all', etat: ['SUCCESS'] },
  search: "can't \\d+",
}

test('choices become one regular expression in which values stand for themselves', () => {
  expect(expand('{source=~"$source", zone=~"$zone", etat=~"$etat"}', view, 60_000)).toBe(
    '{source=~"a\\\\.b|c", zone=~".*", etat=~"SUCCESS"}',
  )
})

test('macros', () => {
  const query = '[$__range] [$__range_s] [$__interval] $__interval_ms ${__to} $__from $unknown'
  expect(expand(query, view, 300_000)).toBe('[86400s] [86400] [5m] 300000 86400400 0 $unknown')
})

test('a search is taken as it is', () => {
  expect(expand('|~ `(?i)${search:raw}`', view, 1)).toBe("|~ `(?i)can't \\d+`")
})

// What Grafana 9.4.17's and 12.4.2's own rangeUtil answered.
test.each([
  [30 * 86_400_000, 8_640, 300_000, 300_000],
  [86_400_000, 1_200, 60_000, 60_000],
  [90 * 86_400_000, 8_640, 300_000, 900_000],
])('a step for %i ms in %i points', (toMs, points, leastMs, expected) => {
  expect(intervalMs({ ...view, fromMs: 0, toMs }, points, leastMs)).toBe(expected)
})

test('intervals are written as Go writes them', () => {
  expect([90_000, 300_000, 86_400_000, 500].map(formatInterval)).toEqual(['1m', '5m', '1d', '500ms'])
})

test('the server expands the environment', () => {
  expect(interpolatedByServer('$A ${A} $$A $none.', { A: 'x' })).toBe('x x $A .')
})

test('whoever asks the panels without Grafana asks what Grafana asks', () => {
  const everything: View = {
    fromMs: 0,
    toMs: 86_400_000,
    choices: { source: 'all', entreprise: 'all', zone: 'all', etat: 'all' },
    search: '',
  }
  for (const { expr } of panelQueries()) {
    const asked = asAsked(expr, '86400s', '5m', everything.toMs)
    expect(asked).toBe(expand(expr, everything, 300_000))
    expect(asked).not.toContain('$')
  }
})
