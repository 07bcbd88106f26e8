import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsMarkdown } from '../cli/config.ts'
import { TOPICS, type TopicSpec } from '../kafka/topics.ts'
import { DEFAULT_ALIASES, FIELDS } from '../log/aliases.ts'
import { incidentEventSchema } from '../log/incident.ts'
import { lineSchema, REJECT_REASONS } from '../log/line.ts'
import { OUTCOMES, type Resend } from '../loki/outcome.ts'
import { ALERT_FILES } from '../rules/alert.ts'
import { declarationSchema } from '../rules/sources.ts'
import { TEST_SCHEMAS } from '../rules/testing/file.ts'
import { ERRORS } from '../service/errors.ts'
import { UNFIT } from '../shipper/batch/fit.ts'
import { PROJECT_ROOT } from '../stack/config.ts'
import { alertFileDescribed, alertsTable, kpiQueries, kpisTable, undeclaredTable } from './catalogue.ts'
import { codeBlock, table } from './markdown.ts'
import { schemaTable } from './schema.ts'

const errorsTable = (): string =>
  table(
    ['code', 'what it says', 'exit code', 'may the same call succeed later?'],
    Object.entries(ERRORS).map(([code, { says, exit, canRetry }]) => [
      `\`${code}\``,
      says,
      String(exit),
      canRetry ? 'yes' : 'no',
    ]),
  )

const RESENT: Readonly<Record<Resend, string>> = {
  nothing: 'nothing',
  all: 'all of it',
  missing: 'what Loki, asked, does not have',
  apart:
    'what Loki, asked, does not have, each stream on its own; what is missing even then is a dead letter',
  halves: 'each half on its own; a single record is a dead letter',
}

const outcomesTable = (): string =>
  table(
    ['outcome', 'what it is', 'what is sent again'],
    Object.entries(OUTCOMES).map(([name, { says, resend }]) => [`\`${name}\``, says, RESENT[resend]]),
  )

const unfitTable = (): string =>
  table(
    ['reason', 'why'],
    Object.entries(UNFIT).map(([reason, why]) => [`\`${reason}\``, why]),
  )

const rejectionsTable = (): string =>
  table(
    ['reason', 'the record…'],
    Object.entries(REJECT_REASONS).map(([reason, meaning]) => [`\`${reason}\``, meaning]),
  )

const fieldsTable = (): string =>
  table(
    ['field', 'meaning', 'also understood as'],
    FIELDS.map((field) => [
      `\`${field}\``,
      lineSchema.shape[field].description ?? '',
      DEFAULT_ALIASES.fields[field]
        .map(({ name, unit }) => `\`${name}\`${unit === undefined ? '' : ` (${unit})`}`)
        .join(', '),
    ]),
  )

const incidentsTable = (): string =>
  table(
    ['field', 'meaning'],
    Object.entries(incidentEventSchema.shape).map(([field, schema]) => [
      `\`${field}\``,
      schema.description ?? '',
    ]),
  )

const retentionOf = ({ retention }: TopicSpec): string =>
  retention === 'latest by key' ? retention : `${retention.hours / 24} days`

const topicsTable = (): string =>
  table(
    ['topic', 'partitions', 'retention', 'segment', 'compression'],
    TOPICS.map((topic) => [
      `\`${topic.name}\``,
      `${topic.partitions}: ${topic.partitionsReason}`,
      `${retentionOf(topic)}: ${topic.retentionReason}`,
      `${topic.segmentMegabytes} MB: ${topic.segmentReason}`,
      `${topic.compression}: ${topic.compressionReason}`,
    ]),
  )

/** The keys of one part of a file of tests for rules. */
function testKeysTable(part: string): string {
  const schema = Object.entries(TEST_SCHEMAS).find(([name]) => name === part)?.[1]
  if (schema === undefined) throw new Error(`a file of tests has no part ${part}`)
  return schemaTable(schema)
}

const yamlFile = (path: string): string => codeBlock('yaml', readFileSync(join(PROJECT_ROOT, path), 'utf8'))

/** The generated parts of the documentation, by the name in their markers; some are told what of. */
const PARTS: Readonly<Record<string, (of: string) => string>> = {
  settings: settingsMarkdown,
  errors: errorsTable,
  rejections: rejectionsTable,
  fields: fieldsTable,
  topics: topicsTable,
  alerts: alertsTable,
  alert: alertFileDescribed,
  kpis: kpisTable,
  queries: kpiQueries,
  source: () => schemaTable(declarationSchema),
  undeclared: undeclaredTable,
  tests: testKeysTable,
  yaml: yamlFile,
  incidents: incidentsTable,
  outcomes: outcomesTable,
  unfit: unfitTable,
}

/** The page for whoever gets an alert of that file. */
export const runbookOf = (file: string): string => `docs/runbooks/${file}.md`

/** The documents that hold generated parts. */
export const DOCUMENTS = [
  'README.md',
  'docs/log-line.md',
  'docs/shipper.md',
  'docs/dead-letters.md',
  'docs/errors.md',
  'docs/topics.md',
  'docs/kpis.md',
  'docs/incidents.md',
  'docs/sources.md',
  'docs/rules-tests.md',
  'docs/runbooks/README.md',
  ...ALERT_FILES.map(runbookOf),
]

const PART = /<!-- (\w+)(?: (\S+))?: generated[^>]*-->[\s\S]*?<!-- \/\1 -->/g

/**
 * A document with each part between `<!-- NAME: generated -->` (or `<!-- NAME OF-WHAT: generated -->`) and
 * `<!-- /NAME -->` made anew.
 */
export function rendered(document: string): string {
  return document.replace(PART, (_, name: string, of: string | undefined) => {
    const part = PARTS[name]
    if (part === undefined) throw new Error(`no generated part is called ${name}`)
    const what = of === undefined ? name : `${name} ${of}`
    return `<!-- ${what}: generated by npm run docs -->\n${part(of ?? '')}\n<!-- /${name} -->`
  })
}
