import { z } from 'zod'
import { ongoingIncidentSchema } from '../log/incident.ts'
import { TOPIC } from '../log/names.ts'
import { reasonOf, vigieError } from '../service/errors.ts'
import { type SourceState } from './incident.ts'

const ms = z.int().min(0)
const keySchema = z.tuple([z.string(), z.string(), z.union([z.string(), z.int().min(0)])])
/** A record of the state topic; its key names the source. */
const stateRecordSchema = z.object({
  newestMs: ms,
  atNewest: z.array(z.string()).readonly(),
  ongoing: ongoingIncidentSchema.optional(),
  resolvedMs: ms.optional(),
  /** The partition of the logs that the source was last seen in. */
  partition: z.int().min(0),
})

/** The state of a source, and the partition of the logs that it was last seen in. */
export type StoredState = { state: SourceState; partition: number }

export const writtenState = ({ state, partition }: StoredState): string =>
  JSON.stringify({ ...state, partition } satisfies z.input<typeof stateRecordSchema>)

/** The group and the topic of logs that states belong to: trackers of others may use the same Kafka. */
export type Followed = { groupId: string; topic: string }

/**
 * The key of a record of the state topic: a source's state or, for a number, how far the group had come
 * in that partition with the states beside which this was written.
 */
export const stateKey = ({ groupId, topic }: Followed, of: string | number): string =>
  JSON.stringify([groupId, topic, of])

/** What a key of the state topic is about; undefined when it is somebody else's. */
export function subjectOf(key: string, { groupId, topic }: Followed): string | number | undefined {
  try {
    const { success, data } = keySchema.safeParse(JSON.parse(key))
    return success && data[0] === groupId && data[1] === topic ? data[2] : undefined
  } catch {
    return undefined // No tracker writes such a key.
  }
}

/** Reads a record of the state topic. Throws INCIDENT_STATE_UNREADABLE for one that no tracker wrote. */
export function readState(source: string, value: Buffer): StoredState {
  try {
    const { partition, ...state } = stateRecordSchema.parse(JSON.parse(value.toString('utf8')))
    return { state, partition }
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error)
    throw vigieError('INCIDENT_STATE_UNREADABLE', { source, topic: TOPIC.incidentsState, problem }, error)
  }
}
