import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { grafanaFiles, PROVISIONING } from '../../grafana/files.ts'
import { type RenderedFile } from '../../rules/ruler.ts'
import { type Declaration } from '../../rules/sources.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { interpolatedByServer } from './expand.ts'

const committed: RenderedFile[] = readdirSync(join(PROJECT_ROOT, PROVISIONING), {
  recursive: true,
  withFileTypes: true,
})
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name))
  .map((file) => ({ path: relative(PROJECT_ROOT, file), content: readFileSync(file, 'utf8') }))

const byPath = (a: RenderedFile, b: RenderedFile) => (a.path < b.path ? -1 : 1)

/** Names and numbers that somebody may declare, and that mean something to Grafana, RE2, LogQL or YAML. */
const HOSTILE: Declaration[] = [
  { match: 'a$b.*', every: 3_600_000, owner: 'o@example.com', slo: 0.999 },
  { match: '$__range', limits: { duration_s: 5, memory_mb: 900, cpu_s: 3 } },
  { match: '{{ .Labels }}"`: no', every: 600_000, grace: 60_000 },
]

describe('what is committed', () => {
  test('is what the catalogue renders (else: vigie rules render)', () => {
    expect(committed.sort(byPath)).toEqual([...grafanaFiles([], { previous: committed })].sort(byPath))
  })

  test('rendering again, with what it left, changes nothing', () => {
    const first = grafanaFiles(HOSTILE, { previous: committed })
    expect(grafanaFiles(HOSTILE, { previous: first })).toEqual(first)
  })
})

/** Every string in a value, with where it stands. */
function strings(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => strings(each, `${path}/${key}`))
}

describe.each([
  ['nobody', []],
  ['hostile names', HOSTILE],
])('YAML files for %s', (_, declarations) => {
  const files = grafanaFiles(declarations).filter(({ path }) => !path.endsWith('.json'))

  test.each(files.map(({ path, content }) => [path, content]))(
    '%s: the environment changes an address, and nothing else but titles',
    (path, content) => {
      const document = parse(content, { version: '1.1' })
      const env = {
        ALERT_EMAIL_TO: 'ops@example.com',
        b: 'WRONG',
        __range: 'WRONG',
      }
      const changed = strings(document)
        .filter(([, text]) => interpolatedByServer(text, env) !== text)
        .map(([at, text]) => [at.split('/').at(-1), interpolatedByServer(text, env)])
      const expected: Record<string, unknown> = {
        [`${PROVISIONING}/alerting/alerting.yml`]: [['addresses', 'ops@example.com']],
      }
      const titles = changed.filter(([key]) => key === 'title')
      expect(changed.filter(([key]) => key !== 'title')).toEqual(expected[path] ?? [])
      for (const [, title] of titles) expect(title).toMatch(/\((a\$b\.\*|\$__range)\)$/)
    },
  )
})

test('the data source is the one that dashboards and alerts refer to', () => {
  const file = grafanaFiles().find(({ path }) => path.endsWith('datasources/loki.yaml'))
  expect(parse(file?.content ?? '')).toMatchObject({
    datasources: [{ name: 'Loki', uid: 'Loki', type: 'loki', url: 'http://loki:3100', isDefault: true }],
  })
})

test('rules that left are deleted, before others could want their titles', () => {
  const previous = [
    ...grafanaFiles(),
    {
      path: `${PROVISIONING}/alerting/99-gone.yml`,
      content: 'apiVersion: 1\ngroups: [{rules: [{uid: 99-gone, title: x}]}]',
    },
    { path: 'elsewhere/other.yml', content: 'groups: [{rules: [{uid: not-ours}]}]' },
  ]
  const files = grafanaFiles([], { previous })
  const alerting = files.map(({ path }) => path).filter((path) => path.includes('/alerting/'))
  expect([...alerting].sort()[0]).toBe(`${PROVISIONING}/alerting/0-deleted-rules.yml`)
  const deleted = files.find(({ path }) => path.endsWith('0-deleted-rules.yml'))
  expect(parse(deleted?.content ?? '')).toEqual({
    apiVersion: 1,
    deleteRules: [{ orgId: 1, uid: '99-gone' }],
  })
  // The next rendering does not see the file any more, but the list.
  const next = grafanaFiles([], { previous: files }).find(({ path }) => path.endsWith('0-deleted-rules.yml'))
  expect(next?.content).toBe(deleted?.content)
})

test('what sources declare no longer is deleted, and what they declare again is not', () => {
  const declared: Declaration[] = [{ match: 'lake', every: 86_400_000 }]
  const deletedIn = (files: readonly RenderedFile[]) =>
    parse(files.find(({ path }) => path.endsWith('0-deleted-rules.yml'))?.content ?? '').deleteRules.length
  const withIt = grafanaFiles(declared)
  const without = grafanaFiles([], { previous: withIt })
  expect(deletedIn(without)).toBe(1)
  expect(deletedIn(grafanaFiles(declared, { previous: without }))).toBe(0)
})

test('runbooks may lie elsewhere', () => {
  const [alert] = grafanaFiles([], { runbooks: 'https://wiki.example.com/vigie' }).filter(({ path }) =>
    path.endsWith('/1-echec-detecte.yml'),
  )
  expect(alert?.content).toContain('runbook_url: "https://wiki.example.com/vigie/1-echec-detecte.md"')
})
