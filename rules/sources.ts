import { z } from 'zod'
import { quoted } from '../loki/logql.ts'
import { BY_SOURCE } from './expressions.ts'

const DURATION = /^([1-9]\d{0,5})(s|m|h|d)$/
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A duration as people write it, in ms: `90s`, `15m`, `1h`, `7d`. */
const duration = z
  .string()
  .regex(DURATION, 'a duration such as 90s, 15m, 1h or 7d')
  .transform((text) => {
    const [, amount = '', unit = 's'] = DURATION.exec(text) ?? []
    return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
  })

const timezone = z.string().refine((zone) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false // Intl knows every zone of the tz database.
  }
}, 'a time zone such as Europe/Paris')

const limit = z.number().positive()

/** What `vigie.yaml` may say of a source. */
export const declarationSchema = z
  .strictObject({
    match: z.string().min(1).describe('name of the source; `*` stands for any characters'),
    every: duration.optional().describe('how often it runs: `15m`, `1h`, `1d`'),
    cron: z.string().optional().describe('when it runs, as a cron line of five fields'),
    timezone: timezone.optional().describe('time zone of `cron`; UTC when absent'),
    grace: duration
      .optional()
      .describe('how late a run may end before the source counts as silent; `15m` when absent'),
    owner: z.email().optional().describe('who gets the mails about it, instead of `ALERT_EMAIL_TO`'),
    slo: z.number().gt(0).lt(1).optional().describe('share of its runs that has to succeed, such as `0.995`'),
    limits: z
      .strictObject({
        duration_s: limit.optional().describe('longest p95 duration, in seconds'),
        memory_mb: limit.optional().describe('highest peak memory, in MB'),
        cpu_s: limit.optional().describe('most CPU seconds'),
      })
      .optional()
      .describe('limits of its own; one that is absent keeps its default'),
  })
  .refine(({ every, cron }) => every === undefined || cron === undefined, 'either every or cron, not both')
  .refine(({ cron, timezone: zone }) => zone === undefined || cron !== undefined, 'timezone belongs to cron')
  .refine(
    ({ every, cron, grace }) => grace === undefined || every !== undefined || cron !== undefined,
    'grace belongs to every or cron',
  )
export type Declaration = z.infer<typeof declarationSchema>

/** The part of `vigie.yaml` that is about sources. */
export const sourcesYaml = {
  sources: z
    .array(declarationSchema)
    .max(200)
    .default([])
    .describe('what is declared of sources: docs/sources.md'),
}

/** A pattern as an RE2 expression, anchored by whoever uses it. */
export const patternOf = ({ match }: Pick<Declaration, 'match'>): string =>
  match
    .split('*')
    .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')

/** Some of the sources, by matchers that no other share's sources fulfil, and what holds for them. */
export type Share<Value> = { name: string; value: Value; matchers: string[] }

/**
 * Splits all sources by what was declared for them: a share for each declaration that settles the
 * matter, in their order, then one for everybody else. A source belongs to the first that matches.
 */
export function shares<Value>(
  declarations: readonly Declaration[],
  settles: (declaration: Declaration) => Value | undefined,
  otherwise: Value,
): Share<Value>[] {
  const result: Share<Value>[] = []
  const earlier: string[] = []
  const notEarlier = () => (earlier.length === 0 ? [] : [`${BY_SOURCE}!~${quoted(earlier.join('|'))}`])
  for (const each of declarations) {
    const value = settles(each)
    if (value === undefined) continue
    const pattern = patternOf(each)
    result.push({ name: each.match, value, matchers: [`${BY_SOURCE}=~${quoted(pattern)}`, ...notEarlier()] })
    earlier.push(pattern)
  }
  return [...result, { name: '', value: otherwise, matchers: notEarlier() }]
}

/** How an alert tells that it is about some sources only. */
export const named = ({ name }: Share<unknown>): { share?: string } => (name === '' ? {} : { share: name })

/** Whose sources they are, the first that matches first: an anchored RE2 expression and an address. */
export const ownersOf = (declarations: readonly Declaration[]): { sources: string; address: string }[] =>
  declarations.flatMap((each) =>
    each.owner === undefined ? [] : [{ sources: patternOf(each), address: each.owner }],
  )
