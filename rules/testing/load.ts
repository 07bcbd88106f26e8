import { dirname, resolve } from 'node:path'
import { LogqlError } from '../../logql/error.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { vigieError } from '../../service/errors.ts'
import { readYaml } from '../../service/settings.ts'
import { rulerGroups } from '../ruler.ts'
import { type RuleGroup, ruleFile, type TestFile, testFile } from './file.ts'
import { type Rule, type Test } from './run.ts'

/** Reads a file of tests and the rules that it is about. Throws CONFIG_FILE_UNREADABLE, CONFIG_INVALID. */
export function loadTests(file: string): { tests: Test[]; rules: Rule[] } {
  const content = readYaml(file, testFile)
  const rules =
    content.rule_files === undefined
      ? rulesOf(ruleFile.parse({ groups: rulerGroups(content.sources) }).groups, content.evaluation_interval)
      : content.rule_files.flatMap((path) => {
          const from = resolve(dirname(file), path)
          const { groups } = readYaml(from, ruleFile)
          checkQueries(from, groups)
          return rulesOf(groups, content.evaluation_interval)
        })
  return { rules, tests: namedTests(file, content, new Set(rules.map(({ alert }) => alert))) }
}

/** Refuses queries that are wrong as written: only those that a test expects something of are ever evaluated. */
function checkQueries(file: string, groups: readonly RuleGroup[]): void {
  const problems = groups.flatMap(({ rules }, group) =>
    rules.flatMap(({ expr }, index) => {
      const problem = problemOf(expr)
      return problem === undefined
        ? []
        : [`  groups.${group}.rules.${index}.expr = ${JSON.stringify(expr)}: ${problem}`]
    }),
  )
  if (problems.length > 0)
    throw vigieError('CONFIG_INVALID', { problems: `  in ${file}:\n${problems.join('\n')}` })
}

function problemOf(expr: string): string | undefined {
  try {
    return parseExpr(expr).kind === 'log' ? 'it asks for lines, not for numbers' : undefined
  } catch (error) {
    if (error instanceof LogqlError) return error.message
    throw error
  }
}

/** Recording rules are left out: they alert nobody. */
const rulesOf = (groups: readonly RuleGroup[], everyMs: number | undefined): Rule[] =>
  groups.flatMap((group) =>
    group.rules.flatMap(({ alert, expr, for: wait }) =>
      alert === undefined ? [] : [{ alert, expr, forMs: wait, everyMs: everyMs ?? group.interval }],
    ),
  )

/** The tests, with the alert that each expectation is about. */
function namedTests(file: string, { alert: byDefault, tests }: TestFile, known: ReadonlySet<string>): Test[] {
  const problems: string[] = []
  const named = tests.map((test, index) => ({
    ...test,
    expect: test.expect.map((expected, place) => {
      const alert = expected.alert ?? byDefault ?? ''
      const problem =
        alert === '' ? 'not set, here or for the file' : `${JSON.stringify(alert)}: no rule has that name`
      if (!known.has(alert)) problems.push(`  tests.${index}.expect.${place}.alert = ${problem}`)
      return { ...expected, alert }
    }),
  }))
  if (problems.length === 0) return named
  throw vigieError('CONFIG_INVALID', { problems: `  in ${file}:\n${problems.join('\n')}` })
}
