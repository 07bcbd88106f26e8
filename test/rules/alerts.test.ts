import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { duration, durationMs } from '../../loki/logql.ts'
import { ALERT_FILES, type Alert, SEVERITIES } from '../../rules/alert.ts'
import { alerts } from '../../rules/alerts.ts'
import { foreignNames } from '../../rules/check.ts'
import { KPIS } from '../../rules/kpis.ts'
import { sourcesYaml } from '../../rules/sources.ts'
import { loadTests } from '../../rules/testing/load.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'

const declared = sourcesYaml.sources.parse([
  { match: 'daily-*', every: '1d', grace: '2h', slo: 0.999 },
  { match: 'weekdays', cron: '0 6 * * 1-5', timezone: 'Europe/Paris', limits: { cpu_s: 600 } },
  { match: '*-lake', every: '30d', limits: { duration_s: 60, memory_mb: 2_000, cpu_s: 900 } },
])
const everyone = alerts()
const all = [...everyone, ...alerts(declared)]
const sharesOf = (id: string) =>
  alerts(declared)
    .filter((alert) => alert.id === id)
    .map(({ share }) => share)
const find = (id: string, share?: string): Alert => {
  const found = alerts(declared).find((alert) => alert.id === id && alert.share === share)
  if (found === undefined) throw new Error(`no alert ${id} ${share}`)
  return found
}

describe('the catalogue of alerts', () => {
  test('an alert is found by its id and whom it is about', () => {
    const names = (list: readonly Alert[]) => list.map(({ id, share }) => `${id} ${share ?? ''}`)
    for (const list of [everyone, alerts(declared)]) expect(new Set(names(list)).size).toBe(list.length)
    expect(new Set(everyone.map(({ id }) => id)).size).toBe(everyone.length)
  })

  test('every file has alerts, and they come in the order of the files', () => {
    const order = everyone.map(({ file }) => ALERT_FILES.indexOf(file))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(new Set(order).size).toBe(ALERT_FILES.length)
  })

  test.each(all)('$id $share is written out', (alert) => {
    expect(SEVERITIES).toContain(alert.severity)
    expect(alert.condition.threshold.origin.length).toBeGreaterThan(5)
    expect(Number.isFinite(alert.condition.threshold.value)).toBe(true)
    expect(durationMs(alert.for)).toBeDefined()
    expect(KPIS.map(({ id }) => id)).toContain(alert.panel)
    for (const text of [alert.title, alert.summary, alert.description, alert.action, alert.whenEmpty]) {
      expect(text.trim()).toBe(text)
      expect(text.length).toBeGreaterThan(4)
      expect(text).not.toMatch(/undefined|NaN|\[object|\b0 days| {2}/)
    }
  })

  test.each(all)('the query of $id $share is bounded, and of the contract', ({ query }) => {
    expect(foreignNames(query)).toEqual([])
    if (query === 'vector(1)') return
    const selectors = query.match(/\{job=[^}]*\}/g) ?? []
    const ranges = [...query.matchAll(/\[(\w+)\](?: offset (\w+))?/g)]
    expect(selectors.length).toBeGreaterThan(0)
    expect(ranges).toHaveLength(selectors.length)
    // Loki's configuration lets a query look back 366 days.
    for (const [, range = '', offset = '0s'] of ranges)
      expect((durationMs(range) ?? Number.NaN) + (durationMs(offset) ?? Number.NaN)).toBeLessThanOrEqual(
        366 * 86_400_000,
      )
    // Each combination of labels would be an alert of its own.
    for (const [, call = ''] of query.matchAll(/\b((?:quantile|max|min|avg|count)_over_time)\(/g))
      expect(call === 'count_over_time' || /\) by \(\w+\)/.test(query)).toBe(true)
    expect(query.match(/count_over_time\(/g)?.length ?? 0).toBe(
      query.match(/sum(?: by \(\w+\) )?\(count_over_time\(/g)?.length ?? 0,
    )
  })

  test.each(all)('the labels in the texts of $id $share are those of its answer', (alert) => {
    const texts = [alert.summary, alert.description].join(' ')
    const used = [...texts.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).filter((name) => name !== 'value')
    const grouped = [...alert.query.matchAll(/\bby \((\w+)\)/g)].map(([, name]) => name)
    for (const name of used) expect(grouped).toContain(name)
    expect(alert.action).not.toMatch(/[{}]/)
    if (alert.quotesLastError) expect(grouped).toContain('source')
  })
})

describe('what sources declare', () => {
  test('makes an alert of its own for what it is about, and of nothing else', () => {
    expect(sharesOf('3-source-muette')).toEqual(['daily-*', 'weekdays', '*-lake', undefined])
    expect(sharesOf('4-latence-degradee')).toEqual(['*-lake', undefined])
    expect(sharesOf('5-surconsommation-cpu')).toEqual(['weekdays', '*-lake', undefined])
    expect(sharesOf('5-surconsommation-memoire')).toEqual(['*-lake', undefined])
    expect(sharesOf('6-budget-erreurs-rapide')).toEqual(['daily-*', undefined])
    expect(sharesOf('1-echec-detecte')).toEqual([undefined])
  })

  test('its numbers are the alert’s, and say where they come from', () => {
    expect(find('5-surconsommation-cpu', 'weekdays').condition.threshold).toEqual({
      ...{ value: 600, origin: 'declared in vigie.yaml' },
    })
    expect(find('5-surconsommation-cpu').condition.threshold.value).toBe(60)
    expect(find('6-budget-erreurs-rapide', 'daily-*').condition.threshold.value).toBeCloseTo(0.0144)
    expect(find('6-budget-erreurs-lent').condition.threshold.value).toBeCloseTo(0.12)
  })

  test('a budget that cannot burn that fast alerts when almost all runs fail', () => {
    const lax = alerts(sourcesYaml.sources.parse([{ match: 'flaky', slo: 0.9 }]))
    const own = lax.filter(({ share }) => share === 'flaky')
    expect(own.map(({ id, condition }) => [id, condition.threshold.value])).toEqual([
      ['6-budget-erreurs-rapide', 0.9],
      ['6-budget-erreurs-lent', 0.6],
    ])
  })

  test('a source of its own latency has a p95 of its own; those of everybody have one together', () => {
    expect(find('4-latence-degradee', '*-lake').query).toContain('by (source)')
    expect(find('4-latence-degradee').query).toContain('by (job)')
    expect(find('4-latence-degradee').query).toContain('source!~".*-lake"')
  })

  test('silence is told in the source’s own terms', () => {
    expect(find('3-source-muette').description).toMatch(
      /has not run for 75 minutes, .* in the 7 days before\.$/,
    )
    expect(find('3-source-muette', 'daily-*').description).toContain('has not run for 1 day 2 hours,')
    expect(find('3-source-muette', 'weekdays').description).toContain(
      '(1 day 15 minutes to 3 days 1 hour 15 minutes, depending on the day of its last run)',
    )
    const nearly = alerts(sourcesYaml.sources.parse([{ match: 'a', every: '1d', grace: '23h' }]))
    expect(nearly.find(({ share }) => share === 'a')?.description).toContain('for 1 day 23 hours,')
    const odd = alerts(sourcesYaml.sources.parse([{ match: 'a', every: '2879m', grace: '0s' }]))
    expect(odd.find(({ share }) => share === 'a')?.description).toContain('for 1 day 23 hours 59 minutes,')
  })

  test('a source is known for three of its turns, a week at least and a year at most', () => {
    const known = (every: string) => {
      const [alert] = alerts(sourcesYaml.sources.parse([{ match: 'a', every, grace: '0s' }])).filter(
        ({ id, share }) => id === '3-source-muette' && share === 'a',
      )
      return /^[^[]*\[(\w+)\]/.exec(alert?.query ?? '')?.[1]
    }
    expect([known('1h'), known('3d'), known('30d'), known('200d')]).toEqual(['7d', '9d', '90d', '365d'])
  })

  test('runs of the days that a cadence tells apart have windows of their own', () => {
    const { query } = find('3-source-muette', 'weekdays')
    const windows = [...query.matchAll(/day=~"([^"]*)" \[(\w+)\]/g)].map(([, days, window]) => [days, window])
    expect(Object.fromEntries(windows)).toEqual({
      'Monday|Tuesday|Wednesday|Thursday': '1455m',
      Friday: '4395m',
      Saturday: duration((55 * 60 + 15) * 60_000),
      Sunday: duration((31 * 60 + 15) * 60_000),
    })
    expect(query).toContain('"Europe/Paris"')
  })

  test('a hundred sources make no query that Loki refuses', () => {
    const many = sourcesYaml.sources.parse(
      Array.from({ length: 200 }, (_, index) => ({ match: `a-source-with-a-name-${index}`, every: '1h' })),
    )
    // maxInputSize in Loki's pkg/logql/syntax/parser.go.
    for (const { query } of alerts(many)) expect(query.length).toBeLessThan(131_072)
  })
})

describe('the tests of alerts', () => {
  const folder = join(PROJECT_ROOT, 'rules', 'tests')
  const files = readdirSync(folder)
  const expectations = files.flatMap((name) =>
    loadTests(join(folder, name)).tests.flatMap(({ name: test, logs, expect: all }) =>
      all.map((each) => ({ ...each, test, hasLogs: logs.length > 0 })),
    ),
  )

  test('each file of alerts has a file of tests of its name', () => {
    for (const file of ALERT_FILES) expect(files).toContain(`${file}.yaml`)
    for (const name of files) expect(readFileSync(join(folder, name), 'utf8')).toMatch(/^# /)
  })

  test.each(everyone.filter(({ severity }) => severity !== 'none'))(
    '$id is tested without any data, firing, and recovered',
    ({ id, for: wait }) => {
      const own = expectations.filter(({ alert }) => alert === id)
      const isSilent = ({ firing, pending }: (typeof own)[number]) => firing.length + pending.length === 0
      expect(own.some((each) => !each.hasLogs && isSilent(each))).toBe(true)
      const fired = own.filter(({ firing }) => firing.length > 0)
      expect(fired.length).toBeGreaterThan(0)
      expect(
        fired.some(({ test, at }) =>
          own.some((each) => each.test === test && each.at > at && isSilent(each)),
        ),
      ).toBe(true)
      if (wait !== '0s') expect(own.some(({ pending }) => pending.length > 0)).toBe(true)
    },
  )
})
