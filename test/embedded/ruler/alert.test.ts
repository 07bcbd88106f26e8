import { describe, expect, test } from '@jest/globals'
import { type Alerts, dueState, evaluated, type Found, keyOf } from '../../../embedded/ruler/alert.ts'

const found = (source: string, value = 1): Found => ({
  labels: new Map([['source', source]]),
  annotations: new Map(),
  value,
})
const key = keyOf(found('crm').labels)

/** The state of crm's alert at each evaluation, one a minute: `x` is an evaluation that finds it. */
function statesOf(evaluations: string, forMs: number): (string | undefined)[] {
  let alerts: Alerts = new Map()
  return [...evaluations].map((mark, minute) => {
    alerts = evaluated(alerts, mark === 'x' ? [found('crm')] : [], forMs, minute * 60_000)
    return alerts.get(key)?.state
  })
}

describe('the states of an alert', () => {
  test('it fires at once without a wait, and is resolved when it is not found', () => {
    expect(statesOf('.xx.', 0)).toEqual([undefined, 'firing', 'firing', 'resolved'])
  })

  test('it is pending until it was found for the whole wait', () => {
    expect(statesOf('xxx', 120_000)).toEqual(['pending', 'pending', 'firing'])
  })

  test('a gap begins the wait anew, and nobody hears of what was only pending', () => {
    expect(statesOf('xx.xxx', 120_000)).toEqual([
      ...['pending', 'pending', undefined],
      ...['pending', 'pending', 'firing'],
    ])
  })

  test('a resolved one that is found again is a new alert', () => {
    let alerts = evaluated(new Map(), [found('crm')], 0, 0)
    alerts = evaluated(alerts, [], 0, 60_000)
    alerts = evaluated(alerts, [found('crm', 7)], 0, 120_000)
    expect(alerts.get(key)).toMatchObject({
      state: 'firing',
      activeAtMs: 120_000,
      resolvedAtMs: undefined,
      value: 7,
    })
  })

  test('a resolved one is told of for fifteen minutes', () => {
    let alerts = evaluated(new Map(), [found('crm')], 0, 0)
    alerts = evaluated(alerts, [], 0, 60_000)
    expect(evaluated(alerts, [], 0, 16 * 60_000).has(key)).toBe(true)
    expect(evaluated(alerts, [], 0, 16 * 60_000 + 1).has(key)).toBe(false)
  })

  test('the value and the annotations are those of the newest evaluation, the start is not', () => {
    const first = evaluated(new Map(), [found('crm', 1)], 0, 0)
    expect(evaluated(first, [found('crm', 2)], 0, 5_000).get(key)).toMatchObject({ value: 2, firedAtMs: 0 })
  })
})

describe('what Alertmanager has to be told', () => {
  const [alert] = evaluated(new Map(), [found('crm')], 0, 0).values()
  if (alert === undefined) throw new Error('no alert')
  const resolved = { ...alert, state: 'resolved', resolvedAtMs: 5_000 } as const
  const told = (toldState: 'firing' | 'resolved', lastSentAtMs: number) => ({ toldState, lastSentAtMs })

  test('that it fires, and that again when that is long ago', () => {
    expect(dueState(alert, 60_000, 0)).toBe('firing')
    expect(dueState({ ...alert, ...told('firing', 0) }, 60_000, 59_999)).toBeUndefined()
    expect(dueState({ ...alert, ...told('firing', 0) }, 60_000, 60_000)).toBe('firing')
  })

  test('that it was resolved, at once', () => {
    expect(dueState({ ...resolved, ...told('firing', 4_999) }, 60_000, 5_000)).toBe('resolved')
    expect(dueState({ ...resolved, ...told('resolved', 5_000) }, 60_000, 10_000)).toBeUndefined()
  })

  test('first that it fired, when it was resolved before anybody could be told', () => {
    expect(dueState(resolved, 60_000, 9_000)).toBe('firing')
    expect(dueState({ ...resolved, ...told('firing', 9_000) }, 60_000, 14_000)).toBe('resolved')
  })

  test('nothing of a pending one', () => {
    expect(dueState({ ...alert, state: 'pending' }, 60_000, 0)).toBeUndefined()
  })
})
