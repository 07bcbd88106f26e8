import { HEADER, INCIDENT_LABEL_FIELDS, JOB, REASON_LABEL, TOPIC } from '../log/names.ts'
import {
  arrivalMs,
  entryAt,
  jsonProjector,
  type KafkaRecord,
  labelWriter,
  type Projector,
} from './project.ts'

/** The longest detail of a record that was set aside: who needs more finds it on the topic. */
const MAX_DETAIL_CHARACTERS = 2_000

/** The headers that make the line, by the field's name in it. */
const LINE_FIELDS = Object.entries(HEADER).map(([field, header]) => ({ field, header }))

/**
 * Projects records that were set aside: the line is a small JSON of the headers, never the value, which
 * may be the very thing that Loki refused. The time is Kafka's.
 */
function setAsideProjector(job: string): Projector {
  const labelsOf = labelWriter(job, [REASON_LABEL])
  return (record) => {
    const line: Record<string, string> = {}
    for (const { field, header } of LINE_FIELDS) {
      const value = headerText(record, header)
      if (value !== undefined) line[field] = value
    }
    const entry = entryAt(arrivalMs(record), record, Buffer.from(JSON.stringify(line)))
    return { labels: labelsOf(line), entry, parsed: true }
  }
}

function headerText({ headers }: KafkaRecord, name: string): string | undefined {
  const value = headers?.[name]
  const first = Array.isArray(value) ? value[0] : value
  return first === undefined ? undefined : String(first).slice(0, MAX_DETAIL_CHARACTERS)
}

/** The topics that are shipped besides the logs, each with what projects its records. */
export const sideProjectors = (): ReadonlyMap<string, Projector> =>
  new Map([
    [TOPIC.incidents, jsonProjector(JOB.incidents, INCIDENT_LABEL_FIELDS, 'at')],
    [TOPIC.rejected, setAsideProjector(JOB.rejected)],
    [TOPIC.deadLetters, setAsideProjector(JOB.deadLetters)],
  ])
