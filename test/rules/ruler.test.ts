import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ALERT_FILES } from '../../rules/alert.ts'
import { alerts } from '../../rules/alerts.ts'
import { GENERATED, rulerFiles, rulerGroups } from '../../rules/ruler.ts'
import { sourcesYaml } from '../../rules/sources.ts'
import { ruleFile } from '../../rules/testing/file.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'

const declared = sourcesYaml.sources.parse([
  { match: 'daily-*', every: '1d', slo: 0.999, limits: { duration_s: 60, memory_mb: 2_000, cpu_s: 900 } },
  { match: `o"d{d}'s $\{{x}} \\ name`, cron: '0 6 * * 1-5', limits: { cpu_s: 1e-7 } },
])
const rules = [[], declared].flatMap((sources) => rulerGroups(sources).flatMap((group) => group.rules))

test('what is committed is what would be written, and nothing else is there', () => {
  const files = rulerFiles()
  for (const { path, content } of files) expect(readFileSync(join(PROJECT_ROOT, path), 'utf8')).toBe(content)
  const folder = join(PROJECT_ROOT, 'loki', 'rules', 'fake')
  expect(readdirSync(folder).sort()).toEqual(files.map(({ path }) => path.split('/').at(-1)).sort())
})

describe('rulerFiles', () => {
  test('one file for each file of alerts, marked as generated, and each alert once', () => {
    for (const sources of [[], declared]) {
      const files = rulerFiles(sources)
      expect(files.map(({ path }) => path)).toEqual(ALERT_FILES.map((file) => `loki/rules/fake/${file}.yaml`))
      const read = files.map(({ content }) => {
        expect(content.startsWith(`# ${GENERATED}\n`)).toBe(true)
        return ruleFile.parse(parse(content))
      })
      const groups = read.flatMap((file) => file.groups)
      expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length)
      const written = groups.flatMap((group) => group.rules.map(({ alert }) => alert))
      expect(written.sort()).toEqual(
        alerts(sources)
          .map(({ id }) => id)
          .sort(),
      )
    }
  })

  test('says the same each time', () => {
    expect(rulerFiles(declared)).toEqual(rulerFiles(declared))
  })
})

describe('a rule', () => {
  test('compares its query with its threshold', () => {
    const rate = rules.find(({ alert }) => alert === '2-taux-echec-eleve')
    expect(rate).toMatchObject({ for: '1m', labels: { severity: 'warning' } })
    expect(rate?.expr).toMatch(/^\(.*\) > 0\.02$/)
    expect(rules.find(({ alert }) => alert === '7-volume-en-baisse')?.expr).toMatch(/^\(.*\) < 0\.5$/)
  })

  test.each(rules)(
    '$alert: brackets are closed, in the expression and in the texts',
    ({ expr, annotations }) => {
      const bare = expr.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '')
      for (const [open, close] of ['()', '{}', '[]'])
        expect(bare.split(open ?? '').length).toBe(bare.split(close ?? '').length)
      for (const text of Object.values(annotations)) {
        expect(text.split('{{').length).toBe(text.split('}}').length)
        expect(text).not.toMatch(/undefined|NaN|\[object/)
      }
    },
  )

  test.each(rules)('$alert: every placeholder became a template of the ruler', ({ expr, annotations }) => {
    const { last_error, last_error_at, ...texts } = annotations
    for (const text of Object.values(texts)) {
      for (const [, action = ''] of text.matchAll(/\{\{(.*?)\}\}/g))
        expect(action).toMatch(
          /^ (?:\$labels\.\w+|\$value \| humanize(?:Percentage|Duration|Timestamp)|printf "%\.[01]f" \$value) $/,
        )
      expect(text.replace(/\{\{.*?\}\}/g, '')).not.toMatch(/[{}]/)
      for (const [, label = ''] of text.matchAll(/\$labels\.(\w+)/g)) expect(expr).toContain(`by (${label})`)
    }
    for (const asking of [last_error, last_error_at].filter((text) => text !== undefined))
      expect(asking).toMatch(/^\{\{ with query \(printf ".*%q.*" \$labels\.source\) \}\}/)
  })

  test('a value is written in its unit', () => {
    const summaryOf = (id: string) => rules.find(({ alert }) => alert === id)?.annotations.summary
    expect(summaryOf('2-taux-echec-eleve')).toBe('{{ $value | humanizePercentage }} of all runs fail')
    expect(summaryOf('5-surconsommation-memoire')).toContain('{{ printf "%.0f" $value }} MB')
    expect(summaryOf('4-latence-degradee')).toContain('{{ $value | humanizeDuration }}')
    expect(summaryOf('7-volume-en-hausse')).toContain('{{ printf "%.1f" $value }}')
  })

  test('a name that looks like a template stays a name', () => {
    for (const { annotations } of rules)
      for (const text of Object.values(annotations)) expect(text).not.toContain('{{x}}')
  })
})
