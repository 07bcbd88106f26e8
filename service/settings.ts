import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { fileProblemOf, vigieError } from './errors.ts'
import { redacted } from './redact.ts'

/**
 * A group of settings that come from environment variables. Each field's description is its line
 * in the documentation; `meta({ secret: true })` keeps its value out of every output.
 */
export type SettingsSchema = z.ZodObject<Record<string, z.ZodType>>

export const optionalText = z.string().optional()

/** `true`/`false` as people write them in environment variables. */
export const flag = (byDefault: boolean) =>
  z
    .enum(['true', 'false', '1', '0'])
    .default(byDefault ? 'true' : 'false')
    .transform((value) => value === 'true' || value === '1')

export const integer = (min: number, max: number, byDefault: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.int().min(min).max(max).default(byDefault),
  )

export const optionalInteger = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.int().min(min).max(max).optional(),
  )

export const port = (byDefault: number) => integer(0, 65_535, byDefault)

const isSecret = (schema: z.ZodType): boolean =>
  (schema.meta() as { secret?: boolean } | undefined)?.secret === true

/** One line a problem: the key, the value (unless secret), and what is allowed. */
export function problemsOf(error: z.ZodError, input: unknown, schema?: SettingsSchema): string {
  return error.issues
    .map((issue) => {
      const path = issue.path.join('.') || 'all of it'
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => `  ${[...issue.path, key].join('.')}: unknown key`).join('\n')
      const value = issue.path.reduce(partOf, input)
      const field = schema?.shape[String(issue.path[0])]
      const shown =
        value === undefined
          ? 'not set'
          : field && isSecret(field)
            ? '(secret)'
            : JSON.stringify(redacted(value))
      return `  ${path} = ${shown}: ${allowedBy(issue)}`
    })
    .join('\n')
}

/** What is allowed in place of a value, or else what is wrong with it. */
function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value')
    return `allowed is ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
  if (issue.code === 'invalid_type' && (issue.expected === 'number' || issue.expected === 'int'))
    return issue.expected === 'int' ? 'a whole number' : 'a number'
  return issue.message
}

/** What stands under a key; the whole text where a list was made from one. */
function partOf(whole: unknown, key: PropertyKey): unknown {
  if (typeof whole === 'string') return whole
  return typeof whole === 'object' && whole !== null
    ? (whole as Record<PropertyKey, unknown>)[key]
    : undefined
}

/**
 * Reads a group of settings from the environment. Throws CONFIG_INVALID that names each wrong key,
 * its value and what is allowed; a variable that is one slip away from one of ours
 * (KAFKA_BROKER for KAFKA_BROKERS) is an error too, since ignoring it would surprise.
 */
export function settingsFrom<Schema extends SettingsSchema>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
): z.infer<Schema> {
  const known = Object.keys(schema.shape)
  // A variable that is set, but empty, is not set: that is how compose files unset one.
  const isSet = (key: string) => env[key] !== undefined && env[key] !== ''
  const input = Object.fromEntries(known.filter(isSet).map((key) => [key, env[key]]))
  const slips = Object.keys(env).flatMap((key) => {
    if (key in schema.shape) return []
    const meant = known.find((name) => name.length > 6 && isOneSlipAway(key, name))
    return meant === undefined ? [] : [`  ${key}: unknown; did you mean ${meant}?`]
  })
  const result = schema.safeParse(input)
  if (result.success && slips.length === 0) return result.data
  const problems = [...slips, ...(result.success ? [] : [problemsOf(result.error, input, schema)])]
  throw vigieError('CONFIG_INVALID', { problems: problems.join('\n') })
}

/** True when one letter was added, left out or changed. */
export function isOneSlipAway(written: string, meant: string): boolean {
  if (written === meant || Math.abs(written.length - meant.length) > 1) return false
  let start = 0
  while (start < written.length && written[start] === meant[start]) start++
  const tail = (text: string, skip: number) => text.slice(start + skip)
  return (
    tail(written, 1) === tail(meant, 1) ||
    tail(written, 1) === tail(meant, 0) ||
    tail(written, 0) === tail(meant, 1)
  )
}

/** What the documentation and `vigie config` tell of one setting. */
export type SettingDoc = { name: string; byDefault: string; description: string; secret: boolean }

/** The documentation of a group of settings, made from its schema. */
export function describeSettings(schema: SettingsSchema): SettingDoc[] {
  const defaults = schema.safeParse({})
  const values: Record<string, unknown> = defaults.success ? defaults.data : {}
  return Object.entries(schema.shape).map(([name, field]) => {
    const value = values[name]
    const text = Array.isArray(value) ? value.join(',') : String(value ?? '')
    return { name, byDefault: text, description: field.description ?? '', secret: isSecret(field) }
  })
}

/**
 * Reads a YAML file. Throws CONFIG_FILE_UNREADABLE, and CONFIG_INVALID that names the file and, in it, each
 * wrong key, its value and what is allowed.
 */
export function readYaml<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  let content: unknown
  try {
    content = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw vigieError('CONFIG_FILE_UNREADABLE', { file, problem: fileProblemOf(error) }, error)
  }
  const result = schema.safeParse(content)
  if (result.success) return result.data
  throw vigieError('CONFIG_INVALID', { problems: `  in ${file}:\n${problemsOf(result.error, content)}` })
}
