import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { type z } from 'zod'
import { reasonOf, vigieError } from '../../service/errors.ts'
import { problemsOf } from '../../service/settings.ts'
import { rulerGroups } from '../ruler.ts'
import { durationMs, ruleFile, type TestFile, testFile } from './file.ts'
import { type Rule } from './run.ts'

function readYaml<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  let content: unknown
  try {
    content = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw vigieError('CONFIG_FILE_UNREADABLE', { file, problem: reasonOf(error) }, error)
  }
  const result = schema.safeParse(content)
  if (result.success) return result.data
  throw vigieError('CONFIG_INVALID', { problems: `  in ${file}:\n${problemsOf(result.error, content)}` })
}

/** Reads a file of tests and the rules that it is about. Throws CONFIG_FILE_UNREADABLE, CONFIG_INVALID. */
export function loadTests(file: string): { tests: TestFile; rules: Rule[] } {
  const tests = readYaml(file, testFile)
  const groups =
    tests.rule_files === undefined
      ? rulerGroups(tests.sources)
      : tests.rule_files.flatMap((path) => readYaml(resolve(dirname(file), path), ruleFile).groups)
  const milliseconds = (text: string, what: string): number => {
    const ms = durationMs(text)
    if (ms !== undefined) return ms
    throw vigieError('CONFIG_INVALID', { problems: `  ${what} = ${JSON.stringify(text)}: not a duration` })
  }
  const rules = groups.flatMap((group) =>
    group.rules.flatMap(({ alert, expr, for: wait }): Rule[] =>
      alert === undefined
        ? [] // A recording rule alerts nobody.
        : [
            {
              alert,
              expr,
              forMs: milliseconds(wait, `${alert}: for`),
              everyMs: tests.evaluation_interval ?? milliseconds(group.interval, `${group.name}: interval`),
            },
          ],
    ),
  )
  return { tests, rules }
}
