import { z } from 'zod'
import { ongoingIncidentSchema } from '../log/incident.ts'
import { TOPIC } from '../log/names.ts'
import { reasonOf, vigieError } from '../service/errors.ts'
import { type SourceState } from './incident.ts'

const ms = z.int().min(0)
/** A record of the state topic; its key is the source. */
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

/** How far a group had come in a partition with the states beside which this is written. */
export type Reached = { groupId: string; topic: string; partition: number; nextOffset: bigint }

/** No source is called so: a label holds no NUL. */
const MARK = '\0'

/** The key of the record that says how far a group had come; the states' own keys are their sources. */
export const reachedKey = ({ groupId, topic, partition }: Omit<Reached, 'nextOffset'>): string =>
  `${MARK}${groupId}/${topic}/${partition}`
export const isReachedKey = (key: string): boolean => key.startsWith(MARK)

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
