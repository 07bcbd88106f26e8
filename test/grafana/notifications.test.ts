import { expect, test } from '@jest/globals'
import { notifications } from '../../grafana/notifications.ts'
import { type Declaration } from '../../rules/sources.ts'

type Labels = Record<string, string>
type Route = {
  receiver: string
  object_matchers?: [string, string, string][]
  mute_time_intervals?: string[]
  group_wait?: string
  routes?: Route[]
}

/** The route that an alert takes, as Alertmanager walks the tree: the first child that matches, to the end. */
function routeOf(route: Route, labels: Labels): Route {
  const child = route.routes?.find(({ object_matchers: matchers = [] }) =>
    matchers.every(([label, operator, value]) => {
      const actual = labels[label] ?? ''
      return operator === '=' ? actual === value : new RegExp(`^(?:${value})$`).test(actual)
    }),
  )
  return child === undefined ? route : routeOf(child, labels)
}

const DECLARED: Declaration[] = [
  { match: 'crm-*', owner: 'crm@example.com' },
  { match: 'a$b', owner: 'odd@example.com' },
  { match: '*-eu', owner: 'eu@example.com' },
]
const tree = (declarations: readonly Declaration[] = DECLARED): Route => {
  const [policy] = notifications(declarations).policies
  if (policy === undefined) throw new Error('no policy')
  return policy
}

test.each([
  [{ severity: 'critical', source: 'erp' }, 'email', '1s'],
  [{ severity: 'warning', source: 'erp' }, 'email', '5m'],
  [{ severity: 'critical', source: 'crm-fr' }, 'crm@example.com', '1s'],
  [{ severity: 'warning', source: 'crm-fr' }, 'crm@example.com', '5m'],
  [{ severity: 'critical', source: 'crm-eu' }, 'crm@example.com', '1s'],
  [{ severity: 'critical', source: 'erp-eu' }, 'eu@example.com', '1s'],
  [{ severity: 'critical', source: 'a$b' }, 'odd@example.com', '1s'],
  [{ severity: 'critical' }, 'email', '1s'],
])('%j is mailed to %s after %s', (labels, receiver, wait) => {
  const route = routeOf(tree(), labels as Labels)
  expect(route).toMatchObject({ receiver, group_wait: wait })
  expect(route.mute_time_intervals).toBeUndefined()
})

test('the watchdog is never mailed', () => {
  const { muteTimes } = notifications([])
  const route = routeOf(tree(), { severity: 'none' })
  expect(route.mute_time_intervals).toEqual([muteTimes[0]?.name])
  expect(muteTimes[0]?.time_intervals).toEqual([{ times: [{ start_time: '00:00', end_time: '24:00' }] }])
})

test('every receiver is a contact point', () => {
  const { contactPoints, policies } = notifications(DECLARED)
  const receivers = (route: Route): string[] => [route.receiver, ...(route.routes ?? []).flatMap(receivers)]
  const names = new Set(contactPoints.map(({ name }) => name))
  for (const receiver of policies.flatMap((policy) => receivers(policy))) expect(names).toContain(receiver)
})
