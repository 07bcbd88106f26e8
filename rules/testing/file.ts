import { z } from 'zod'
import { INCIDENT_EVENTS } from '../../log/incident.ts'
import { STATES } from '../../log/line.ts'
import { durationMs } from '../../loki/logql.ts'
import { sourcesYaml } from '../sources.ts'

const A_DURATION = 'a duration such as 90s, 15m, 1h30m or 7d'

/** A duration as LogQL writes it, or 0; in ms. */
const offset = z.union([z.string(), z.literal(0)], A_DURATION).transform((written, context) => {
  const ms = durationMs(written === 0 || written === '0' ? '0s' : written)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: A_DURATION })
  return z.NEVER
})
const interval = offset.refine((ms) => ms > 0, 'longer than 0')

const instants = z.union(
  [offset.transform((ms) => [ms]), z.array(offset).min(1)],
  `${A_DURATION}, or a list of them`,
)

const LABEL_NAME = /^[a-z_]\w*$/i
const labels = z
  .record(z.string(), z.string())
  .refine(
    (all) => Object.keys(all).every((name) => LABEL_NAME.test(name)),
    'labels are letters, digits and _',
  )

/** Lines of one series. A test holds all of its lines in memory. */
const MAX_LINES = 100_000

/** Log lines at one instant or again and again, all counted from the test's start. */
const seriesKeys = z.strictObject({
  at: instants.optional().describe('when: one offset or a list of them'),
  every: interval.optional().describe('instead of `at`: again and again, at this distance'),
  from: offset.optional().describe('with `every`: when the first lines come; 0 when left out'),
  to: offset.optional().describe('with `every`: when the last lines come, this instant included'),
  count: z.int().min(1).max(10_000).default(1).describe('how many lines at each of these instants'),
  run: z
    .looseObject({
      source: z.string().describe('its source'),
      etat: z.enum(STATES).default('SUCCESS').describe('`SUCCESS` or `FAILED`'),
    })
    .optional()
    .describe('a run that ends then; it may have any other field of the log line, too'),
  incident: z
    .looseObject({
      source: z.string().describe('its source'),
      event: z.enum(INCIDENT_EVENTS).describe('`opened` or `resolved`'),
    })
    .optional()
    .describe('an event of an incident; it may have any other field of the event, too'),
  rejected: z.string().optional().describe('a rejected record, with this reason'),
  dead_letter: z.string().optional().describe('a dead letter, with this reason'),
  stream: labels
    .refine((all) => Object.keys(all).length > 0, 'at least one label')
    .optional()
    .describe('any other stream: its labels'),
  line: z.string().optional().describe('with `stream`: the text of each line'),
})
const series = seriesKeys
  .refine(
    ({ at, every, from, to }) =>
      at === undefined
        ? every !== undefined && to !== undefined
        : every === undefined && from === undefined && to === undefined,
    'either at, or every with to and perhaps from',
  )
  .refine(({ from = 0, to }) => to === undefined || from <= to, 'from is after to')
  .refine(
    ({ at, every = 0, from = 0, to = 0, count }) =>
      (at?.length ?? (every > 0 ? Math.floor((to - from) / every) + 1 : 0)) * count <= MAX_LINES,
    `more than ${MAX_LINES.toLocaleString('en')} lines`,
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
  at: offset.describe('when, from the start of the test'),
  alert: z.string().min(1).optional().describe("which alert; the file's `alert` when left out"),
  firing: z.array(labels).default([]).describe('the labels of each alert that fires'),
  pending: z
    .array(labels)
    .default([])
    .describe('the labels of each alert whose condition holds, but not yet for its `for`'),
})
export type Expectation = z.infer<typeof expectation>

const testCase = z.strictObject({
  name: z.string().min(1).describe('what it shows, in a sentence'),
  start: z.iso
    .datetime()
    .default('2026-01-05T00:00:00Z')
    .describe('when it starts, in UTC; the default is a Monday, so that days of the week can be counted on'),
  logs: z.array(series).default([]).describe('the lines that Loki holds; none when left out'),
  expect: z.array(expectation).min(1).describe('what holds at which instants'),
})
export type TestCase = z.infer<typeof testCase>

/** A file of tests. Without `rule_files` the catalogue is tested, for the sources declared here. */
export const testFile = z.strictObject({
  alert: z.string().min(1).optional().describe('the alert that expectations are about when they name none'),
  rule_files: z
    .array(z.string())
    .optional()
    .describe(
      "your own rules: files as Loki's ruler reads them, relative to this file; when left out, Vigie's catalogue is tested",
    ),
  ...sourcesYaml,
  evaluation_interval: interval
    .optional()
    .describe("how often each rule is evaluated; its group's `interval` when left out"),
  tests: z.array(testCase).min(1).describe('the tests'),
})
export type TestFile = z.infer<typeof testFile>

/** The parts of a file of tests, for its documentation. */
export const TEST_SCHEMAS = { file: testFile, test: testCase, logs: seriesKeys, expect: expectation } as const

const ruleGroup = z.looseObject({
  name: z.string(),
  interval: interval.default(60_000),
  rules: z.array(
    z.looseObject({
      alert: z.string().min(1).optional(),
      expr: z.string(),
      for: offset.default(0),
    }),
  ),
})
export type RuleGroup = z.infer<typeof ruleGroup>

/** Rules as the ruler and Prometheus write them. */
export const ruleFile = z.looseObject({ groups: z.array(ruleGroup) })
