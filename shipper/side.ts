import { headerText } from '../kafka/headers.ts'
import { HEADER, INCIDENT_LABEL_FIELDS, JOB, REASON_LABEL, TOPIC } from '../log/names.ts'
import { destinations } from './project/destination.ts'
import { arrivalMs, entryAt, jsonProjector, type Projector } from './project/project.ts'

/** How a topic is shipped: what makes lines of its records, and the `job` that these lines have. */
export type ShippedTopic = {
  topic: string
  job: string
  project: Projector
  /** What Loki refuses of a side topic stays in Kafka only: a dead letter of a dead letter would go round for ever. */
  isSide: boolean
}

/** The longest detail of a record that was rejected or refused: who needs more finds it on the topic. */
const MAX_DETAIL_CHARACTERS = 2_000

/** The headers that make the line, by the field's name in it. */
const LINE_FIELDS = Object.entries(HEADER).map(([field, header]) => ({ field, header }))

/**
 * Projects rejected records and dead letters: the line is a small JSON of the headers, never the value, which
 * may be the very thing that Loki refused. The time is Kafka's.
 */
function refusedProjector(job: string): Projector {
  const destinationOf = destinations(job, [REASON_LABEL])
  return (record, partition) => {
    const line: Record<string, string> = {}
    for (const { field, header } of LINE_FIELDS) {
      const value = headerText(record, header)
      if (value !== undefined) line[field] = value.slice(0, MAX_DETAIL_CHARACTERS)
    }
    const entry = entryAt(
      arrivalMs(record),
      record.offsetNumber,
      partition,
      Buffer.from(JSON.stringify(line)),
    )
    return { ...destinationOf(line), entry, parsed: true }
  }
}

/** The topics that are shipped besides the logs. */
export const sideTopics = (): ReadonlyMap<string, ShippedTopic> =>
  new Map([
    shipped(TOPIC.incidents, JOB.incidents, jsonProjector(JOB.incidents, INCIDENT_LABEL_FIELDS, 'at')),
    shipped(TOPIC.rejected, JOB.rejected, refusedProjector(JOB.rejected)),
    shipped(TOPIC.deadLetters, JOB.deadLetters, refusedProjector(JOB.deadLetters)),
  ])

const shipped = (topic: string, job: string, project: Projector): [string, ShippedTopic] => [
  topic,
  { topic, job, project, isSide: true },
]
