import { z } from 'zod'
import { durationMs, quoted } from '../loki/logql.ts'
import { cronProblem } from './cron.ts'
import { BY_SOURCE } from './expressions.ts'

const DURATION = /^\d+[smhd]$/
const DAY_MS = 86_400_000

/**
 * The rarest source that can be found silent, in days: twice a year and some grace. Loki's configuration
 * here lets one query look back a year, and the source has to be known from before its last turn.
 */
const RAREST_DAYS = 200

/** A duration as people write it, in ms: `90s`, `15m`, `1h`, `7d`. */
const duration = z
  .string()
  .regex(DURATION, 'a duration such as 90s, 15m, 1h or 7d')
  .transform((text) => durationMs(text) ?? Number.NaN)
  .refine((ms) => ms <= RAREST_DAYS * DAY_MS, `at most ${RAREST_DAYS}d`)

const cron = z.string().superRefine((line, context) => {
  const problem = cronProblem(line, RAREST_DAYS)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

/** The name of a zone in the tz database, capitals mended: Loki, written in Go, does not know `europe/paris`, nor `+01:00`. */
function zoneNamed(text: string): string | undefined {
  if (!/^[a-z]/i.test(text)) return undefined
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions()
    // Intl answers some names with an older one (Europe/Kyiv with Europe/Kiev), which Go may not have.
    return timeZone.toLowerCase() === text.toLowerCase() ? timeZone : text
  } catch {
    return undefined // Intl knows every zone.
  }
}

const timezone = z.string().transform((text, context) => {
  const zone = zoneNamed(text)
  if (zone !== undefined) return zone
  context.addIssue({ code: 'custom', message: 'a time zone such as Europe/Paris' })
  return z.NEVER
})

const limit = z.number().positive()

/** What `vigie.yaml` may say of a source. */
export const declarationSchema = z
  .strictObject({
    match: z.string().min(1).describe('name of the source; `*` stands for any characters'),
    every: duration
      .refine((ms) => ms > 0, 'longer than 0')
      .optional()
      .describe('how often it runs: `15m`, `1h`, `1d`'),
    cron: cron.optional().describe('when it runs, as a cron line of five fields'),
    timezone: timezone.optional().describe('time zone of `cron`; UTC when absent'),
    grace: duration
      .refine((ms) => ms <= 30 * DAY_MS, 'at most 30d')
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
  .refine((each) => each.timezone === undefined || each.cron !== undefined, 'timezone belongs to cron')
  .refine(
    ({ grace, every, cron }) => grace === undefined || every !== undefined || cron !== undefined,
    'grace belongs to every or cron',
  )
export type Declaration = z.infer<typeof declarationSchema>

/** The part of `vigie.yaml` that is about sources. */
export const sourcesYaml = {
  sources: z
    .array(declarationSchema)
    .max(200)
    .superRefine((all, context) => {
      all.forEach(({ match }, index) => {
        if (all.findIndex((each) => each.match === match) < index)
          context.addIssue({ code: 'custom', path: [index, 'match'], message: 'declared twice' })
      })
    })
    .default([])
    .describe('what is declared of sources: docs/sources.md'),
}

/** A pattern as an RE2 expression, anchored by whoever uses it. */
export const patternOf = ({ match }: Pick<Declaration, 'match'>): string =>
  match
    .split('*')
    .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')

const isPlain = (match: string): boolean => !match.includes('*')
const matches = (source: string, match: string): boolean =>
  new RegExp(`^(?:${patternOf({ match })})$`, 's').test(source)

/** False when no source can match both. Two with `*` are told apart by how they begin and end. */
function canOverlap(one: string, other: string): boolean {
  if (isPlain(one)) return matches(one, other)
  if (isPlain(other)) return matches(other, one)
  const [start, otherStart] = [one.slice(0, one.indexOf('*')), other.slice(0, other.indexOf('*'))]
  const [end, otherEnd] = [one.slice(one.lastIndexOf('*') + 1), other.slice(other.lastIndexOf('*') + 1)]
  return (
    (start.startsWith(otherStart) || otherStart.startsWith(start)) &&
    (end.endsWith(otherEnd) || otherEnd.endsWith(end))
  )
}

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
  const earlier: Declaration[] = []
  const noneOf = (others: readonly Declaration[]) =>
    others.length === 0 ? [] : [`${BY_SOURCE}!~${quoted(others.map(patternOf).join('|'))}`]
  for (const each of declarations) {
    const value = settles(each)
    if (value === undefined) continue
    // Only those that matter: with all of them, queries would grow with the square of the declarations.
    const others = earlier.filter(({ match }) => canOverlap(match, each.match))
    const own = `${BY_SOURCE}=~${quoted(patternOf(each))}`
    result.push({ name: each.match, value, matchers: [own, ...noneOf(others)] })
    earlier.push(each)
  }
  return [...result, { name: '', value: otherwise, matchers: noneOf(earlier) }]
}

/** How an alert tells that it is about some sources only. */
export const named = ({ name }: Share<unknown>): { share?: string } => (name === '' ? {} : { share: name })

/** Whose sources they are, the first that matches first: an anchored RE2 expression and an address. */
export const ownersOf = (declarations: readonly Declaration[]): { sources: string; address: string }[] =>
  declarations.flatMap((each) =>
    each.owner === undefined ? [] : [{ sources: patternOf(each), address: each.owner }],
  )
