import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Command } from 'commander'
import { loadTests } from '../rules/testing/load.ts'
import {
  type AlertState,
  type Mismatch,
  type Rule,
  runTest,
  type Test,
  type TestResult,
} from '../rules/testing/run.ts'
import { vigieError } from '../service/errors.ts'
import { stopSignal } from '../service/shutdown.ts'
import { PROJECT_ROOT } from '../stack/config.ts'

const OWN_TESTS = join(PROJECT_ROOT, 'rules', 'tests')

export const rulesTestCommand = (): Command =>
  new Command('test')
    .description('Run unit tests of alerts, in this process and without a server. Exit 1 when one fails.')
    .argument('[files...]', 'YAML files of tests; the tests of the catalogue when left out')
    .option('--json', 'print one JSON array of results')
    .addHelpText(
      'after',
      '\nExamples:\n  $ vigie rules test\n  $ vigie rules test my-rules.test.yaml\n\nHow such a file is written: docs/rules-tests.md',
    )
    .action(async (files: string[], { json }: { json?: boolean }) => {
      const chosen = files.length > 0 ? files : ownTests()
      const jobs = chosen.flatMap((file) => {
        const { rules, tests } = loadTests(file)
        return tests.map((test): Job => ({ file, rules, test }))
      })
      const interrupted = stopSignal()
      const results: Result[] = []
      for (const { file, rules, test } of jobs) {
        // A signal is heard between two tests.
        await setImmediate()
        if (interrupted.aborted) throw vigieError('INTERRUPTED', { state: 'The tests were not all run.' })
        const result = { file, ...runTest(rules, test) }
        if (!json && file !== results.at(-1)?.file) process.stdout.write(`${file}\n`)
        if (!json) process.stdout.write(`${told(result)}\n`)
        results.push(result)
      }
      const failed = results.filter(({ mismatches }) => mismatches.length > 0).length
      if (failed > 0) process.exitCode = 1
      if (json) process.stdout.write(`${JSON.stringify(results)}\n`)
      else process.stdout.write(`${results.length - failed} passed, ${failed} failed\n`)
    })

type Job = { file: string; rules: Rule[]; test: Test }
type Result = TestResult & { file: string }

const ownTests = (): string[] =>
  readdirSync(OWN_TESTS)
    .filter((name) => name.endsWith('.yaml'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => relative(process.cwd(), join(OWN_TESTS, name)))

const shown = ({ labels, state }: AlertState): string =>
  `${state.padEnd(8)} {${Object.entries(labels)
    .sort()
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')}}`

const inHours = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000)
  const parts = [
    [Math.floor(minutes / 60), 'h'],
    [minutes % 60, 'm'],
    [(ms / 1_000) % 60, 's'],
  ] as const
  return (
    parts
      .filter(([amount]) => amount > 0)
      .map(([amount, unit]) => `${amount}${unit}`)
      .join('') || '0s'
  )
}

const difference = ({ atMs, alert, missing, unexpected }: Mismatch): string =>
  [
    `    at ${inHours(atMs)}, ${alert}:`,
    ...missing.map((state) => `      - ${shown(state)}   expected`),
    ...unexpected.map((state) => `      + ${shown(state)}   found`),
  ].join('\n')

/** A line for a test that passed, a difference for one that failed. */
function told({ name, mismatches }: TestResult): string {
  if (mismatches.length === 0) return `  ✔ ${name}`
  return [`  ✘ ${name}`, ...mismatches.map(difference)].join('\n')
}
