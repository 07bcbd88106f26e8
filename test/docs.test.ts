import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readConfigFile } from '../cli/settings.ts'
import { DOCUMENTS, rendered, runbookOf } from '../docs/generated.ts'
import { anchorsOf, brokenLinks, linksOf } from '../docs/links.ts'
import { ALERT_FILES } from '../rules/alert.ts'
import { alerts } from '../rules/alerts.ts'
import { rulerGroups } from '../rules/ruler.ts'
import { loadTests } from '../rules/testing/load.ts'
import { PROJECT_ROOT } from '../stack/config.ts'

const read = (path: string): string => readFileSync(join(PROJECT_ROOT, path), 'utf8')
const textOf = (path: string): string | undefined => {
  try {
    return read(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    // A folder has no text, but is there.
    return ''
  }
}

const markdownIn = (folder: string): string[] =>
  readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))

test.each(DOCUMENTS)('%s says what the code says (else: npm run docs)', (name) => {
  const document = read(name)
  expect(document).toMatch(/<!-- \w+(?: \S+)?: generated/)
  expect(rendered(document)).toBe(document)
})

describe('runbooks', () => {
  test('there is a page for each file of alerts, and none for anything else', () => {
    const pages = markdownIn('docs/runbooks').filter((path) => !path.endsWith('README.md'))
    expect(pages.sort()).toEqual(ALERT_FILES.map(runbookOf).sort())
  })

  test('each rule leads to its page', () => {
    for (const { rules } of rulerGroups([]))
      for (const { annotations } of rules) expect(DOCUMENTS).toContain(annotations.runbook)
  })

  test.each(ALERT_FILES)('%s tells of its own alerts, and what to do', (file) => {
    const page = read(runbookOf(file))
    expect(page).toContain(`<!-- alert ${file}: generated`)
    for (const { id } of alerts().filter((alert) => alert.file === file)) expect(page).toContain(`\`${id}\``)
    expect(anchorsOf(page)).toEqual(
      expect.arrayContaining(['check', 'causes', 'escalate', 'silence', 'tune', 'the-rule']),
    )
  })
})

/** The services whose errors the alert on Vigie itself is about, and what they are made of. */
const SERVICE_SOURCES = ['shipper', 'incidents', 'kafka', 'cli/serving.ts']

test('the runbook of Vigie’s own errors has each message that a service logs as an error', () => {
  const files = SERVICE_SOURCES.flatMap((path) =>
    path.endsWith('.ts')
      ? [path]
      : readdirSync(join(PROJECT_ROOT, path), { recursive: true, encoding: 'utf8' }).flatMap((name) =>
          name.endsWith('.ts') ? [join(path, name)] : [],
        ),
  )
  const messages = files.flatMap((file) =>
    [...read(file).matchAll(/logger\.error\(\s*['"`]([^'"`]+)/g)].map(([, message = '']) => message),
  )
  expect(messages.length).toBeGreaterThan(8)
  const page = read('docs/runbooks/11-vigie-en-difficulte.md')
  const told = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = '']) => message)
  for (const message of messages) expect(told.filter((each) => message.startsWith(each))).toHaveLength(1)
  for (const each of told.filter((text) => !text.startsWith('Kafka: ') && !text.startsWith('Loki: ')))
    expect(messages.filter((message) => message.startsWith(each)).length).toBeGreaterThan(0)
})

describe('links', () => {
  test.each(['README.md', 'CONTRIBUTING.md', ...markdownIn('docs')])('of %s lead somewhere', (path) => {
    expect(brokenLinks(path, textOf)).toEqual([])
  })

  test('that lead nowhere are found', () => {
    const files: Record<string, string> = {
      'docs/a.md':
        '[b](b.md#what-to-do) [c](c.md) [d](../d.md) [e](b.md#gone) [f](https://x.org) `[g](g.md)`',
      'docs/b.md': '## What to do',
      'd.md': '',
    }
    expect(linksOf(files['docs/a.md'] ?? '')).toHaveLength(4)
    expect(brokenLinks('docs/a.md', (path) => files[path])).toEqual(['c.md', 'b.md#gone'])
  })
})

describe('examples', () => {
  test('vigie.yaml is read and becomes alerts', () => {
    const { sources } = readConfigFile({ VIGIE_CONFIG: join(PROJECT_ROOT, 'docs/examples/vigie.yaml') })
    expect(sources.length).toBeGreaterThan(2)
    const shares = alerts(sources).flatMap(({ share }) => share ?? [])
    for (const { match } of sources) expect(shares).toContain(match)
  })

  test('the tests of own rules are read, and are about one of these rules', () => {
    const { tests, rules } = loadTests(join(PROJECT_ROOT, 'docs/examples/checkout-tests.yaml'))
    const expected = new Set(tests.flatMap(({ expect: each }) => each.map(({ alert }) => alert)))
    expect(rules.map(({ alert }) => alert)).toEqual([...expected])
  })
})
