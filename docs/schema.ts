import { z } from 'zod'
import { table } from './markdown.ts'

/** One key of a schema, as the documentation tells of it. */
type Key = { name: string; byDefault: string; meaning: string }

const shown = (value: unknown): string => {
  const isNothing = value === undefined || (Array.isArray(value) && value.length === 0)
  return isNothing ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

/** The keys of an object's schema, those of an object inside it after it: `limits`, `limits.cpu_s`. */
function keysOf(schema: z.ZodObject, prefix = ''): Key[] {
  return Object.entries(schema.shape).flatMap(([key, field]) => {
    const name = `${prefix}${key}`
    const withoutIt = z.safeParse(field, undefined)
    const byDefault = withoutIt.success ? shown(withoutIt.data) : 'required'
    const meaning = z.globalRegistry.get(field)?.description
    if (meaning === undefined) throw new Error(`${name} has no description`)
    const inner = field instanceof z.ZodOptional ? field.unwrap() : field
    const nested = inner instanceof z.ZodObject ? keysOf(inner, `${name}.`) : []
    return [{ name, byDefault, meaning }, ...nested]
  })
}

/** A table of a schema's keys, made from their descriptions and defaults. */
export const schemaTable = (schema: z.ZodObject): string =>
  table(
    ['key', 'default', 'meaning'],
    keysOf(schema).map(({ name, byDefault, meaning }) => [`\`${name}\``, byDefault, meaning]),
  )
