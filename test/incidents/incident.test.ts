import { describe, expect, test } from '@jest/globals'
import { incidentId, MAX_AT_NEWEST, type SourceState, type Step, step } from '../../incidents/incident.ts'
import { type Run } from '../../incidents/run.ts'
import { incidentEventSchema } from '../../log/incident.ts'

const T0 = Date.UTC(2026, 10, 21, 12)
let made = 0
const run = (outcome: 'ok' | 'failed', atSeconds: number, more: Partial<Run> = {}): Run => ({
  source: 'crm',
  entreprise: 'acme',
  zone: 'eu-west',
  failed: outcome === 'failed',
  endMs: T0 + atSeconds * 1000,
  arrivedMs: T0 + atSeconds * 1000 + 1_500,
  description: `run at ${atSeconds}`,
  identity: `identity ${made++}`,
  ...more,
})
const iso = (atSeconds: number) => new Date(T0 + atSeconds * 1000).toISOString()

function stepsOf(...runs: Run[]): Step[] {
  let state: SourceState | undefined
  return runs.map((each) => {
    const made = step(state, each)
    state = made.state
    return made
  })
}
const eventsOf = (...runs: Run[]) => stepsOf(...runs).flatMap(({ event }) => event ?? [])

describe('an incident', () => {
  test('is opened by the first failure and resolved by the next success', () => {
    const events = eventsOf(
      run('ok', 0),
      run('failed', 10, { zone: 'us-east' }),
      run('failed', 20),
      run('ok', 35.5),
      run('ok', 40),
    )
    const opened = {
      incident: incidentId('crm', T0 + 10_000),
      source: 'crm',
      entreprise: 'acme',
      zone: 'us-east',
      opened_at: iso(10),
      detect_s: 1.5,
      failed_runs: 1,
      first_description: 'run at 10',
      last_description: 'run at 10',
    }
    expect(events).toEqual([
      { event: 'opened', at: iso(10), ...opened },
      {
        event: 'resolved',
        at: iso(35.5),
        ...opened,
        failed_runs: 2,
        last_description: 'run at 20',
        resolved_at: iso(35.5),
        downtime_s: 25.5,
      },
    ])
    for (const event of events)
      expect(incidentEventSchema.parse(JSON.parse(JSON.stringify(event)))).toBeDefined()
  })

  test('knows how long its source had been up, if it was down before', () => {
    const [first, , second] = eventsOf(run('failed', 0), run('ok', 5), run('failed', 65), run('ok', 70))
    expect(first?.up_s).toBeUndefined()
    expect(second).toMatchObject({ event: 'opened', up_s: 60 })
  })

  test('is detected after no time at all when the job’s clock is ahead of Kafka’s', () => {
    expect(eventsOf(run('failed', 10, { arrivedMs: T0 }))[0]?.detect_s).toBe(0)
  })

  test('has an id of its source and its first failure alone', () => {
    expect(incidentId('crm', 1)).toMatch(/^[0-9a-f]{12}$/)
    const ids = [incidentId('crm', 1), incidentId('crm', 11), incidentId('1 crm', 1), incidentId('erp', 1)]
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('out of order', () => {
  test('a log older than the newest handled one changes nothing', () => {
    const steps = stepsOf(run('ok', 10), run('failed', 9.999), run('failed', 20), run('ok', 15))
    expect(steps.map(({ verdict }) => verdict)).toEqual(['handled', 'late', 'handled', 'late'])
    expect(steps[1]?.state).toBe(steps[0]?.state)
    expect(steps[3]?.state.ongoing).toMatchObject({ opened_at: iso(20) })
  })

  test('at the same millisecond, the same bytes are a duplicate and others count as they arrive', () => {
    const failed = run('failed', 10)
    const ok = run('ok', 10)
    const steps = stepsOf(failed, failed, ok, failed, ok)
    expect(steps.map(({ verdict }) => verdict)).toEqual([
      'handled',
      'duplicate',
      'handled',
      'duplicate',
      'duplicate',
    ])
    expect(steps.flatMap(({ event }) => event?.event ?? [])).toEqual(['opened', 'resolved'])
    expect(steps[2]?.event?.downtime_s).toBe(0)
  })

  test('the same bytes in another millisecond cannot be: they say another time', () => {
    const [, second] = stepsOf(run('ok', 10, { identity: 'x' }), run('ok', 11, { identity: 'x' }))
    expect(second?.verdict).toBe('handled')
  })

  test('what is remembered of one millisecond is limited, and forgotten with the next one', () => {
    const same = Array.from({ length: MAX_AT_NEWEST + 5 }, () => run('ok', 10))
    const full = stepsOf(...same).at(-1)?.state
    expect(full?.atNewest).toEqual(same.slice(5).map(({ identity }) => identity))
    expect(step(full, run('ok', 11, { identity: 'next' })).state.atNewest).toEqual(['next'])
  })
})
