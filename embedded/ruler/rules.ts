import { parse } from 'yaml'
import { z } from 'zod'
import { type MetricExpr } from '../../logql/ast.ts'
import { parseModelDuration } from '../../logql/durations.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { type AlertContext, compileAlertTemplate } from '../../logql/template/alert.ts'
import { reasonOf, vigieError } from '../../service/errors.ts'

const A_DURATION = 'a duration such as 90s, 15m or 1h30m'
/** A duration as Prometheus writes it (`1m30s`, `0s`, `1d`), in ms. */
const duration = z.union([z.string(), z.literal(0)], A_DURATION).transform((written, context) => {
  const parsed = parseModelDuration(String(written))
  if ('ns' in parsed) return Number(parsed.ns) / 1e6
  context.addIssue({ code: 'custom', message: A_DURATION })
  return z.NEVER
})

const texts = z.record(z.string(), z.string()).default({})

const alertSchema = z.strictObject({
  alert: z.string().min(1),
  expr: z.string(),
  for: duration.default(0),
  /** Taken and dropped, as Loki's ruler does. */
  keep_firing_for: duration.optional(),
  labels: texts,
  annotations: texts,
})

/** Rules that record series are for a Prometheus to take: here they are named and left out. */
const recordSchema = z.looseObject({ record: z.string().min(1) })

const fileSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string().min(1),
      interval: duration.refine((ms) => ms > 0, 'longer than 0').optional(),
      limit: z.int().min(0).default(0),
      rules: z.array(z.looseObject({})),
    }),
  ),
})

/** A text of a rule that is made anew for each alert; `text` is how it was written. */
export type AlertTemplate = { text: string; expand: (context: AlertContext) => string }

/** One alert rule, ready to be evaluated. */
export type AlertRule = {
  alert: string
  /** As it was written. */
  query: string
  expr: MetricExpr
  forMs: number
  labels: ReadonlyMap<string, AlertTemplate>
  annotations: ReadonlyMap<string, AlertTemplate>
}
/** Rules that are evaluated together, in their order, every `intervalMs`. `limit` is how many alerts a rule may have; 0 is none. */
export type RuleGroup = {
  file: string
  name: string
  intervalMs: number
  limit: number
  rules: readonly AlertRule[]
  /** Names of recording rules, which are left out. */
  recorded: readonly string[]
}

/**
 * Reads a file of rules as Loki's ruler does. Pure. Throws RULES_INVALID, which names the place and the cause.
 */
export function readRules(file: string, text: string, defaultIntervalMs: number): RuleGroup[] {
  const wrong = (problem: string) => vigieError('RULES_INVALID', { file, problem })
  let content: unknown
  try {
    content = parse(text)
  } catch (error) {
    throw wrong(reasonOf(error))
  }
  const parsed = fileSchema.safeParse(content)
  if (!parsed.success) throw wrong(problemOf(parsed.error))
  return parsed.data.groups.map(({ name, interval = defaultIntervalMs, limit, rules }, index) => {
    const recorded = rules.flatMap((rule) => recordSchema.safeParse(rule).data?.record ?? [])
    const alerts = rules.flatMap((rule, number) => {
      if ('record' in rule) return []
      const read = alertSchema.safeParse(rule)
      if (!read.success) throw wrong(`groups.${index}.rules.${number}.${problemOf(read.error)}`)
      try {
        return ruleOf(read.data)
      } catch (error) {
        throw wrong(`rule ${read.data.alert}: ${reasonOf(error)}`)
      }
    })
    return { file, name, intervalMs: interval, limit, rules: alerts, recorded }
  })
}

function problemOf({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`
}

const ruleOf = ({
  alert,
  expr,
  for: forMs,
  labels,
  annotations,
}: z.infer<typeof alertSchema>): AlertRule => ({
  ...{ alert, query: expr, expr: metricOf(expr), forMs },
  ...{ labels: templates(labels), annotations: templates(annotations) },
})

function metricOf(query: string): MetricExpr {
  const expr = parseExpr(query)
  if (expr.kind === 'log') throw new Error('the expression asks for lines, not for numbers')
  return expr
}

const templates = (written: Record<string, string>): ReadonlyMap<string, AlertTemplate> =>
  new Map(Object.entries(written).map(([name, text]) => [name, { text, expand: compileAlertTemplate(text) }]))
