import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { check } from '../../rules/check.ts'
import { costs } from '../../rules/cost.ts'
import { rulerFiles } from '../../rules/ruler.ts'
import { sourcesYaml } from '../../rules/sources.ts'
import { type Mismatch } from '../../rules/testing/run.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { engineEnv, eventually, settings, start, temporaryFolder, vigie } from './harness.ts'
import { reservedPort } from './ports.ts'

const OWN_TESTS = join(PROJECT_ROOT, 'rules', 'tests')
const LONG_MS = 300_000

/** Files in a folder of their own, by name; returns the path of the first. */
function written(files: Record<string, string>): string {
  const folder = temporaryFolder()
  const paths = Object.entries(files).map(([name, text]) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  })
  return paths[0] ?? folder
}

const rulesTest = (files: string[], options: string[] = [], env = {}) =>
  vigie(['rules', 'test', ...options, ...files], env)

type Told = { file: string; name: string; mismatches: Mismatch[] }
const mismatchesOf = (stdout: string): Map<string, Told[]> => {
  const byFile = new Map<string, Told[]>()
  for (const each of JSON.parse(stdout) as Told[])
    byFile.set(each.file, [...(byFile.get(each.file) ?? []), each])
  return byFile
}

describe('vigie rules test', () => {
  test(
    'the catalogue keeps all of its promises',
    async () => {
      const { code, stdout, stderr } = await rulesTest([])
      expect(stdout).not.toContain('✘')
      const names = readdirSync(OWN_TESTS).flatMap((file) => {
        const { tests } = parse(readFileSync(join(OWN_TESTS, file), 'utf8')) as { tests: { name: string }[] }
        return tests.map(({ name }) => name)
      })
      expect(stdout.match(/✔/g)).toHaveLength(names.length)
      expect(stdout).toMatch(new RegExp(`^${names.length} passed, 0 failed$`, 'm'))
      expect(stderr).toBe('')
      expect(code).toBe(0)
    },
    LONG_MS,
  )

  /** Something that somebody may do to a rule, and that its tests have to notice. */
  type Mutant = { file: string; tests?: string; from: string | RegExp; to: string }
  const mutants: Mutant[] = [
    { file: '1-echec-detecte', from: /> 0$/m, to: '> 1' },
    { file: '1-echec-detecte', from: 'etat="FAILED"}[5m]', to: 'etat="FAILED"}[6m]' },
    { file: '1-echec-detecte', from: 'etat="FAILED"', to: 'etat="SUCCESS"' },
    { file: '1-echec-detecte', from: / or on \(source\) .*> bool 0\)\)/, to: ')' },
    { file: '1-echec-detecte', from: 'sum by (source) (', to: 'sum by (source, zone) (' },
    { file: '2-taux-echec-eleve', from: '> 0.02', to: '>= 0.02' },
    { file: '2-taux-echec-eleve', from: 'for: 1m', to: 'for: 0s' },
    { file: '2-taux-echec-eleve', from: /sum\(/g, to: 'sum by (source) (' },
    { file: '2-taux-echec-eleve', from: /15m/g, to: '20m' },
    { file: '3-source-muette', from: / unless on \(source\) [^>]*/, to: ') ' },
    { file: '3-source-muette', from: /\[75m\]/g, to: '[90m]' },
    { file: '3-source-muette', from: /\[7d\]/g, to: '[14d]' },
    { file: '3-source-muette', from: /\[75m\]/g, to: '[75m] offset 5m' },
    { file: '3-source-muette', from: /etat=~"\.\+"/g, to: 'job=~".+"' },
    { file: '3-source-muette', from: / unless sum\(.*> 0/, to: ')) > 0' },
    { file: '3-source-muette', tests: '3-source-muette-cadence', from: /, source!~"[^"]*"/g, to: '' },
    {
      file: '3-source-muette',
      tests: '3-source-muette-cadence',
      from: 'source=~"quarter"',
      to: 'source=~".+"',
    },
    { file: '3-source-muette', tests: '3-source-muette-cadence', from: /Europe\/Paris/g, to: 'Asia/Tokyo' },
    { file: '3-source-muette', tests: '3-source-muette-cadence', from: /Europe\/Paris/g, to: 'UTC' },
    { file: '4-latence-degradee', from: /0\.95/g, to: '0.999' },
    { file: '4-latence-degradee', from: 'by (job)', to: 'by (source)' },
    { file: '4-latence-degradee', from: ', source!~"data-lake"', to: '' },
    { file: '4-latence-degradee', from: /for: 5m/g, to: 'for: 10m' },
    { file: '5-surconsommation-ressources', from: '> 150', to: '>= 150' },
    { file: '5-surconsommation-ressources', from: '> 60', to: '> 61' },
    { file: '5-surconsommation-ressources', from: /by \(source\)/g, to: 'by (job)' },
    { file: '5-surconsommation-ressources', from: /, source[!=]~"[^"]*"/g, to: '' },
    { file: '6-budget-erreurs', from: / and on \(source\) \([^>]* >= 3\)/g, to: '' },
    { file: '6-budget-erreurs', from: /\[(?:5m|30m)\]/g, to: '[1h]' },
    { file: '6-budget-erreurs', from: /, source[!=]~"payments"/g, to: '' },
    { file: '7-volume-anormal', from: / >= 20/g, to: '' },
    { file: '7-volume-anormal', from: '< 0.5', to: '<= 0.5' },
    { file: '7-volume-anormal', from: '> 3', to: '>= 3' },
    { file: '7-volume-anormal', from: /\(\(sum\(([^)]*)\)\) or vector\(0\)\)/, to: '((sum($1)))' },
    { file: '8-incident-prolonge', from: / offset 60m/g, to: '' },
    { file: '8-incident-prolonge', from: /\) >= on/, to: ') > 2 * on' },
    { file: '9-enregistrements-ecartes', from: /by \(reason\)/g, to: 'by (job)' },
    { file: '9-enregistrements-ecartes', from: 'ingestion-rejected', to: 'ingestion-dead-letters' },
    { file: '10-veilleur', from: '> 0', to: '> 1' },
    { file: '11-vigie-en-difficulte', from: 'level="error"', to: 'level=~".+"' },
    { file: '11-vigie-en-difficulte', from: 'job="vigie"', to: 'job=~".+"' },
    { file: '11-vigie-en-difficulte', from: 'by (service)', to: 'by (job)' },
    { file: '11-vigie-en-difficulte', from: '[15m]', to: '[20m]' },
    { file: '11-vigie-en-difficulte', from: '[15m]', to: '[4m]' },
    { file: '11-vigie-en-difficulte', from: '> 0', to: '> 1' },
  ]

  test(
    'fails for every rule that somebody broke, and for none that is only copied',
    async () => {
      const files = mutants.flatMap(({ file, tests = file, from, to }) => {
        const { sources = [], ...content } = parse(
          readFileSync(join(OWN_TESTS, `${tests}.yaml`), 'utf8'),
        ) as {
          sources?: unknown[]
        }
        const path = `loki/rules/fake/${file}.yaml`
        const rule =
          rulerFiles(sourcesYaml.sources.parse(sources)).find((each) => each.path === path)?.content ?? ''
        const broken = rule.replace(from, to)
        expect({ file, from: String(from), same: broken === rule }).toEqual({
          file,
          from: String(from),
          same: false,
        })
        const own = stringify({ ...content, rule_files: ['rules.yaml'] })
        return [written({ 'broken.yaml': own, 'rules.yaml': broken })]
      })
      const [control = ''] = [
        written({
          'copied.yaml': stringify({
            ...(parse(readFileSync(join(OWN_TESTS, '2-taux-echec-eleve.yaml'), 'utf8')) as object),
            rule_files: ['rules.yaml'],
          }),
          'rules.yaml': readFileSync(join(PROJECT_ROOT, 'loki/rules/fake/2-taux-echec-eleve.yaml'), 'utf8'),
        }),
      ]
      const { code, stdout, stderr } = await rulesTest([...files, control], ['--json'])
      expect(stderr).toBe('')
      expect(code).toBe(1)
      const told = mismatchesOf(stdout)
      const failures = (file: string) =>
        told.get(file)?.filter(({ mismatches }) => mismatches.length > 0).length ?? 0
      expect(failures(control)).toBe(0)
      const unnoticed = mutants.filter((_, index) => failures(files[index] ?? '') === 0)
      expect(unnoticed).toEqual([])
    },
    LONG_MS,
  )

  const rules = (expr: string, wait = '1m') =>
    stringify({
      groups: [
        { name: 'mine', rules: [{ alert: 'too-many', expr, for: wait, labels: { severity: 'page' } }] },
      ],
    })
  const tests = (expected: unknown[], more = {}) =>
    stringify({
      ...{ alert: 'too-many', rule_files: ['rules.yaml'], ...more },
      tests: [
        {
          name: 'three in five minutes',
          logs: [
            { at: '1m', count: 3, run: { source: 'crm' } },
            { at: '1m', count: 2, run: { source: 'erp' } },
            { at: '1m', count: 9, stream: { job: 'mine', source: 'lake' }, line: 'level=info' },
          ],
          expect: expected,
        },
      ],
    })
  const MINE = 'sum by (source) (count_over_time({job=~"kafka-logs|mine"}[5m])) > 2'

  test('rules and tests of one’s own', async () => {
    const both = [{ source: 'crm' }, { source: 'lake' }]
    const expected = [
      { at: 0 },
      { at: '1m', pending: both },
      { at: '2m', firing: both },
      { at: '5m59s', firing: both },
      { at: '6m' },
    ]
    const file = written({ 'mine.yaml': tests(expected), 'rules.yaml': rules(MINE) })
    const { code, stdout } = await rulesTest([file])
    expect(stdout).toBe(`${file}\n  ✔ three in five minutes\n1 passed, 0 failed\n`)
    expect(code).toBe(0)
  })

  test('a difference names the instant, the alert, and what was expected and found', async () => {
    const file = written({
      'mine.yaml': tests([
        { at: '1m', firing: [{ source: 'erp' }] },
        { at: '90s', pending: [] },
        { at: '1h' },
      ]),
      'rules.yaml': rules(MINE),
    })
    const { code, stdout, stderr } = await rulesTest([file])
    expect(stdout).toBe(
      [
        file,
        '  ✘ three in five minutes',
        '    at 1m, too-many:',
        '      - firing   {source="erp"}   expected',
        '      + pending  {source="crm"}   found',
        '      + pending  {source="lake"}   found',
        '    at 1m30s, too-many:',
        '      + pending  {source="crm"}   found',
        '      + pending  {source="lake"}   found',
        '0 passed, 1 failed\n',
      ].join('\n'),
    )
    expect(stderr).toBe('')
    expect(code).toBe(1)
  })

  test('a global rule and one of a source that both answer are one alert too many', async () => {
    const group = (name: string) => ({ name, rules: [{ alert: 'too-many', expr: MINE }] })
    const twice = stringify({ groups: [group('global'), group('own')] })
    const expected = [{ at: '1m', firing: [{ source: 'crm' }, { source: 'lake' }] }]
    const file = written({ 'mine.yaml': tests(expected), 'rules.yaml': twice })
    const { code, stdout } = await rulesTest([file])
    expect(stdout.match(/\+ firing/g)).toHaveLength(2)
    expect(code).toBe(1)
  })

  const mistakes: { what: string; files: Record<string, string>; sentence: RegExp; exit?: number }[] = [
    {
      what: 'an unknown key',
      files: { 'mine.yaml': tests([{ at: '1m', fireing: [] }]), 'rules.yaml': rules(MINE) },
      sentence: /in .*mine\.yaml:\n {2}tests\.0\.expect\.0\.fireing: unknown key$/,
    },
    {
      what: 'an unknown alert',
      files: { 'mine.yaml': tests([{ at: '1m', alert: 'too-few' }]), 'rules.yaml': rules(MINE) },
      sentence: /tests\.0\.expect\.0\.alert = "too-few": no rule has that name$/,
    },
    {
      what: 'an unknown alert of the catalogue',
      files: { 'mine.yaml': stringify({ tests: [{ name: 'x', expect: [{ at: 0, alert: '11-rien' }] }] }) },
      sentence: /alert = "11-rien": no rule has that name$/,
    },
    {
      what: 'a duration that is none',
      files: { 'mine.yaml': tests([{ at: 'noon' }]), 'rules.yaml': rules(MINE) },
      sentence: /tests\.0\.expect\.0\.at = "noon": a duration such as 90s, 15m, 1h30m or 7d$/,
    },
    {
      what: 'a `for` that is no duration',
      files: { 'mine.yaml': tests([{ at: 0 }]), 'rules.yaml': rules(MINE, '2 minutes') },
      sentence: /in .*rules\.yaml:\n {2}groups\.0\.rules\.0\.for = "2 minutes": a duration such as/,
    },
    {
      what: 'an interval of nothing',
      files: { 'mine.yaml': tests([{ at: 0 }], { evaluation_interval: '0s' }), 'rules.yaml': rules(MINE) },
      sentence: /evaluation_interval = "0s": longer than 0$/,
    },
    {
      what: 'rules that are not there',
      files: { 'mine.yaml': tests([{ at: 0 }]) },
      sentence: /rules\.yaml cannot be read: ENOENT.*$/,
    },
    { what: 'no YAML', files: { 'mine.yaml': 'tests: [' }, sentence: /mine\.yaml cannot be read: .*$/ },
    { what: 'an empty file', files: { 'mine.yaml': '' }, sentence: /mine\.yaml:\n {2}all of it = null: .*$/ },
    { what: 'no such file', files: {}, sentence: /cannot be read: EISDIR.*$/ },
    {
      what: 'LogQL that is none',
      files: { 'mine.yaml': tests([{ at: 0 }]), 'rules.yaml': rules('sum(rate({job="x"}[5m])') },
      sentence: /in .*rules\.yaml:\n {2}groups\.0\.rules\.0\.expr = "sum\(.*": parse error at line 1.*$/,
    },
    {
      what: 'a query for lines instead of numbers',
      files: { 'mine.yaml': tests([{ at: 0 }]), 'rules.yaml': rules('{job=~"kafka-logs|mine"}') },
      sentence: /rules\.yaml:\n {2}groups\.0\.rules\.0\.expr = .*: it asks for lines, not for numbers$/,
    },
  ]

  test.each(mistakes)('$what: one clear sentence, no stack', async ({ files, sentence, exit = 2 }) => {
    const { code, stdout, stderr } = await rulesTest([written(files)])
    expect(stderr.trimEnd()).toMatch(sentence)
    expect(stderr).not.toMatch(/^\s+at .*:\d+/m)
    expect(stderr).not.toContain('please report it')
    expect(stdout).toBe('')
    expect(code).toBe(exit)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s stops it between two tests', async (signal) => {
    const { child, ended } = start(['rules', 'test'])
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
    })
    await eventually('tests run', async () => output.includes('✔'))
    child.kill(signal)
    const { code, stderr } = await ended
    expect(stderr).toMatch(/^vigie: Interrupted\. [^\n]*\n$/)
    expect(code).toBe(1)
  })

  test('a reader that has gone is no error', async () => {
    const { child, ended } = start(['rules', 'test', join(OWN_TESTS, '10-veilleur.yaml')])
    child.stdout?.destroy()
    expect((await ended).stderr).toBe('')
  })
})

const sources = stringify({
  sources: [
    { match: 'daily-*', every: '1d', grace: '2h', slo: 0.999 },
    { match: 'weekdays', cron: '0 6 * * 1-5', timezone: 'Europe/Paris', limits: { memory_mb: 2_000 } },
    { match: `o"d{d}'s $\{{x}} \\ (name|s)`, every: '1h', limits: { cpu_s: 1e-7 } },
  ],
})
const config = () => ({ VIGIE_CONFIG: written({ 'vigie.yaml': sources }) })
const nobody = async () => ({ LOKI_URL: `http://127.0.0.1:${await reservedPort()}` })

describe('vigie rules check', () => {
  test('the catalogue is right, whatever sources declare', async () => {
    for (const env of [{}, config()]) {
      const { code, stdout, stderr } = await vigie(['rules', 'check'], { ...engineEnv(), ...env })
      expect(stderr).toBe('')
      expect(stdout).toMatch(/^✔ \d+ queries are right\.\n$/)
      expect(code).toBe(0)
      const json = await vigie(['rules', 'check', '--json'], { ...engineEnv(), ...env })
      expect(JSON.parse(json.stdout)).toEqual([])
    }
  })

  test('what Loki cannot parse and what the contract does not know is told by its name', async () => {
    const problems = await check(settings.loki, [
      { name: 'good', query: 'sum(count_over_time({job="kafka-logs"}[5m]))' },
      { name: 'unclosed', query: 'sum(count_over_time({job="kafka-logs"}[5m])' },
      { name: 'foreign', query: 'sum by (region) (count_over_time({job="kafka-logs", status="x"}[5m]))' },
      { name: 'both', query: 'sum by (region) (count_over_time({job="kafka-logs"}[5x]))' },
    ])
    expect(problems).toEqual([
      { name: 'unclosed', problem: expect.stringContaining('parse error') },
      { name: 'foreign', problem: 'the contract knows no label status' },
      { name: 'foreign', problem: 'the contract knows no label region' },
      { name: 'both', problem: 'the contract knows no label region' },
      { name: 'both', problem: expect.stringContaining('parse error') },
    ])
  })
})

describe('vigie rules render', () => {
  test('the committed files are what the catalogue says', async () => {
    const { code, stdout } = await vigie(['rules', 'render', '--check'])
    expect(stdout).toMatch(/^✔ \d+ files are what the catalogue says\.\n$/)
    expect(code).toBe(0)
  })

  test('--to writes elsewhere; --check finds what was changed or is missing, and writes nothing', async () => {
    const folder = temporaryFolder()
    const render = (...more: string[]) => vigie(['rules', 'render', '--to', folder, ...more])
    const inFolder = join(folder, 'loki/rules/fake')
    const missing = (await render('--check')).stdout.match(/differs/g) ?? []
    expect(missing.length).toBeGreaterThan(10)
    expect(readdirSync(folder)).toEqual([])
    expect((await render()).stdout.match(/written/g)).toHaveLength(missing.length)
    for (const name of readdirSync(inFolder))
      expect(readFileSync(join(inFolder, name))).toEqual(
        readFileSync(join(PROJECT_ROOT, 'loki/rules/fake', name)),
      )
    expect(await render('--check')).toMatchObject({ code: 0 })
    const changed = join(inFolder, '4-latence-degradee.yaml')
    writeFileSync(changed, `${readFileSync(changed, 'utf8')}\n`)
    rmSync(join(inFolder, '10-veilleur.yaml'))
    const { code, stdout } = await render('--check')
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'loki/rules/fake/4-latence-degradee.yaml differs',
      'loki/rules/fake/10-veilleur.yaml differs',
    ])
    expect(code).toBe(1)
    expect((await render()).stdout.match(/written/g)).toHaveLength(2)
    expect(await render('--check')).toMatchObject({ code: 0 })
  })

  test('what sources declare changes what is written, and the ruler’s own checks still pass', async () => {
    const folder = temporaryFolder()
    const env = config()
    expect(await vigie(['rules', 'render', '--to', folder], env)).toMatchObject({ code: 0 })
    const silence = readFileSync(join(folder, 'loki/rules/fake/3-source-muette.yaml'), 'utf8')
    const { groups } = parse(silence) as { groups: { rules: { expr: string }[] }[] }
    const expressions = groups.flatMap((group) => group.rules.map(({ expr }) => expr))
    expect(expressions.filter((expr) => expr.includes('source=~"daily-.*"}[26h]'))).toHaveLength(1)
    expect(await vigie(['rules', 'render', '--check'], env)).toMatchObject({ code: 1 })
  })

  test('a folder that cannot be written, and sources that are wrong', async () => {
    const file = written({ 'a-file': '' })
    const there = await vigie(['rules', 'render', '--to', file])
    expect(there.stderr).toMatch(/a-file.* cannot be written: ENOTDIR.*\n$/)
    expect(there.code).toBe(2)
    const wrong = { VIGIE_CONFIG: written({ 'vigie.yaml': 'sources: [{ match: a, cron: noon }]' }) }
    const { code, stderr } = await vigie(['rules', 'render', '--to', temporaryFolder()], wrong)
    expect(stderr).toContain('sources.0.cron = "noon": five fields')
    expect(code).toBe(2)
  })
})

describe('vigie rules cost', () => {
  test('each query of the catalogue, the dearest first', async () => {
    const { code, stdout } = await vigie(['rules', 'cost', '--json', '--range', '7d'], {
      ...engineEnv(),
      ...config(),
    })
    const all = JSON.parse(stdout) as Awaited<ReturnType<typeof costs>>
    expect(code).toBe(0)
    expect(all.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['alert 3-source-muette (daily-*)', '1-ingestion-health: Failure rate']),
    )
    for (const { everySeconds, seconds, share, lines, bytes } of all) {
      expect(share).toBeCloseTo(seconds / everySeconds)
      for (const number of [seconds, lines, bytes]) expect(number).toBeGreaterThanOrEqual(0)
    }
    const shares = all.map(({ share }) => share)
    expect(shares).toEqual([...shares].sort((a, b) => b - a))
  })

  test('a query that Loki refuses is told by its name', async () => {
    const asked = costs(
      settings.loki,
      [{ name: 'alert x', query: 'nonsense', everySeconds: 60 }],
      0,
      () => undefined,
    )
    await expect(asked).rejects.toMatchObject({
      code: 'RULE_NOT_EVALUATED',
      message: expect.stringContaining('alert x'),
    })
  })

  test.each(['0', '0s', 'week', '-1h', ''])('--range %j is refused', async (range) => {
    const { code, stderr } = await vigie(['rules', 'cost', `--range=${range}`], engineEnv())
    expect(stderr).toMatch(/--range must be a duration such as 24h/)
    expect(code).toBe(2)
  })
})

test.each(['check', 'cost'])('vigie rules %s without a Loki says so', async (verb) => {
  const { code, stdout, stderr } = await vigie(['rules', verb], await nobody())
  expect(stderr).toMatch(/^vigie: Loki at http:\/\/127\.0\.0\.1:\d+ does not answer [^\n]*LOKI_URL[^\n]*\n$/)
  expect(stdout).toBe('')
  expect(code).toBe(1)
})

test.each(['', 'check', 'render', 'test', 'cost'])('vigie rules %s --help has an example', async (verb) => {
  const { code, stdout } = await vigie(['rules', ...(verb === '' ? [] : [verb]), '--help'])
  expect(stdout).toMatch(new RegExp(`\\$ (LOKI_URL=\\S+ )?vigie rules ${verb}`))
  expect(code).toBe(0)
})
