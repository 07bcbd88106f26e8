import { type DecodedRecord } from '../kafka/decoded-record.ts'
import { type IncidentEvent } from '../log/incident.ts'
import { type SourceState, step, type Verdict } from './incident.ts'
import { runOf } from './run.ts'

/** What consecutive logs of one partition amount to. */
export type Digest = {
  /** The new states of the sources that had a handled log. */
  changed: ReadonlyMap<string, SourceState>
  events: IncidentEvent[]
  verdicts: Record<Verdict | 'skipped', number>
}

/** Handles logs in their order, starting from `states`, which stays as it is. Pure. */
export function digest(
  states: ReadonlyMap<string, SourceState>,
  records: readonly Pick<DecodedRecord, 'value' | 'timestampMs'>[],
): Digest {
  const changed = new Map<string, SourceState>()
  const events: IncidentEvent[] = []
  const verdicts = { handled: 0, late: 0, duplicate: 0, skipped: 0 }
  for (const { value, timestampMs } of records) {
    const run = runOf(value, timestampMs)
    if (run === undefined) {
      verdicts.skipped++
      continue
    }
    const { verdict, state, event } = step(changed.get(run.source) ?? states.get(run.source), run)
    verdicts[verdict]++
    if (verdict === 'handled') changed.set(run.source, state)
    if (event !== undefined) events.push(event)
  }
  return { changed, events, verdicts }
}
