import { z } from 'zod'
import { INCIDENT_EVENTS } from '../../log/incident.ts'
import { STATES } from '../../log/line.ts'
import { sourcesYaml } from '../sources.ts'

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const PART = /(\d+)(ms|[smhdw])/gy

/** A duration as LogQL writes it (`90s`, `1h15m`), in ms; undefined for any other text. */
export function durationMs(text: string): number | undefined {
  let total = 0
  let end = 0
  PART.lastIndex = 0
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    total += Number(part[1]) * UNITS[part[2] as keyof typeof UNITS]
    end = PART.lastIndex
  }
  return end === text.length && end > 0 ? total : undefined
}

const offset = z.string().transform((text, context) => {
  const ms = durationMs(text === '0' ? '0s' : text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'a duration such as 90s, 15m, 1h30m or 7d' })
  return z.NEVER
})

const labels = z.record(z.string(), z.string())

/** Log lines at one instant or again and again, all counted from the test's start. */
const series = z
  .strictObject({
    at: z.union([offset.transform((ms) => [ms]), z.array(offset)]).optional(),
    every: offset.optional(),
    from: offset.default(0),
    to: offset.optional(),
    /** Lines at each of these instants. */
    count: z.int().min(1).max(10_000).default(1),
    run: z.looseObject({ source: z.string(), etat: z.enum(STATES).default('SUCCESS') }).optional(),
    incident: z.looseObject({ source: z.string(), event: z.enum(INCIDENT_EVENTS) }).optional(),
    rejected: z.string().optional(),
    dead_letter: z.string().optional(),
    stream: labels.optional(),
    line: z.string().optional(),
  })
  .refine(
    ({ at, every, to }) =>
      (at === undefined) !== (every === undefined) &&
      (every === undefined || (every > 0 && to !== undefined)),
    'either at, or every with to',
  )
  .refine(
    (each) =>
      [each.run, each.incident, each.rejected, each.dead_letter, each.stream].filter(
        (kind) => kind !== undefined,
      ).length === 1,
    'one of run, incident, rejected, dead_letter and stream',
  )
  .refine(({ stream, line }) => (stream === undefined) === (line === undefined), 'line belongs to stream')
export type Series = z.infer<typeof series>

/** What holds at an instant: the alerts of that name with these labels, and no others of that name. */
const expectation = z.strictObject({
  at: offset,
  alert: z.string().optional(),
  firing: z.array(labels).default([]),
  pending: z.array(labels).default([]),
})
export type Expectation = z.infer<typeof expectation>

const testCase = z.strictObject({
  name: z.string().min(1),
  /** A Monday, so that days of the week can be counted on. */
  start: z.iso.datetime().default('2026-01-05T00:00:00Z'),
  logs: z.array(series).default([]),
  expect: z.array(expectation).min(1),
})
export type TestCase = z.infer<typeof testCase>

/** A file of tests. Without `rule_files` the catalogue is tested, for the sources declared here. */
export const testFile = z.strictObject({
  alert: z.string().optional(),
  rule_files: z.array(z.string()).optional(),
  ...sourcesYaml,
  evaluation_interval: offset.optional(),
  tests: z.array(testCase).min(1),
})
export type TestFile = z.infer<typeof testFile>

/** Rules as the ruler and Prometheus write them; recording rules are left out. */
export const ruleFile = z.looseObject({
  groups: z.array(
    z.looseObject({
      name: z.string(),
      interval: z.string().default('1m'),
      rules: z.array(
        z.looseObject({
          alert: z.string().optional(),
          expr: z.string(),
          for: z.string().default('0s'),
          labels: labels.default({}),
        }),
      ),
    }),
  ),
})
