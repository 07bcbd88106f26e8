import { type Severity } from '../rules/alert.ts'
import { BY_SOURCE } from '../rules/expressions.ts'
import { type Declaration, ownersOf } from '../rules/sources.ts'
import { shortHash } from './alerts.ts'
import { patternWithoutDollar } from './dollar.ts'

/** The contact point of everybody who is not named by a source's `owner`. */
export const DEFAULT_CONTACT = 'email'
const NEVER = 'never'

type Matcher = [label: string, operator: '=' | '=~', value: string]
type Route = {
  receiver: string
  object_matchers: Matcher[]
  group_by?: string[]
  group_wait?: string
  group_interval?: string
  repeat_interval?: string
  mute_time_intervals?: string[]
  routes?: Route[]
}

const contact = (name: string, uid: string, addresses: string) => ({
  orgId: 1,
  name,
  receivers: [
    { uid, type: 'email', disableResolveMessage: false, settings: { addresses, singleEmail: true } },
  ],
})

const severity = (value: Severity): Matcher => ['severity', '=', value]

/** What a receiver is told, and when: as Alertmanager does it (prometheus/). Each route names its receiver: not every Grafana lets it inherit one. */
const toldTo = (receiver: string): Route[] => [
  // Something is broken: one mail an alert and source, at once, and again after four hours.
  {
    receiver,
    object_matchers: [severity('critical')],
    group_by: ['alertname', BY_SOURCE],
    group_wait: '1s',
    group_interval: '1m',
    repeat_interval: '4h',
  },
  // Something is not as it should be: what an hour brings, in one mail.
  {
    receiver,
    object_matchers: [severity('warning')],
    group_by: ['severity'],
    group_wait: '5m',
    group_interval: '1h',
    repeat_interval: '24h',
  },
]

/** Contact points and the tree of policies, which Grafana puts in the place of its own whole tree. */
export function notifications(declarations: readonly Declaration[]) {
  const owners = ownersOf(declarations)
  // The first route that matches is taken: a source belongs to the first that declared an owner for it.
  const toOwners = owners.map(
    ({ sources, address }): Route => ({
      receiver: address,
      object_matchers: [[BY_SOURCE, '=~', patternWithoutDollar(sources)]],
      routes: toldTo(address),
    }),
  )
  const addresses = [...new Set(owners.map(({ address }) => address))]
  return {
    apiVersion: 1,
    contactPoints: [
      contact(DEFAULT_CONTACT, 'email', '$ALERT_EMAIL_TO'),
      ...addresses.map((address) => contact(address, `email-${shortHash(address)}`, address)),
    ],
    // The watchdog always fires and is for machines: Grafana has no contact point that mails nobody.
    muteTimes: [
      { orgId: 1, name: NEVER, time_intervals: [{ times: [{ start_time: '00:00', end_time: '24:00' }] }] },
    ],
    policies: [
      {
        orgId: 1,
        receiver: DEFAULT_CONTACT,
        group_by: ['alertname', BY_SOURCE],
        routes: [
          { receiver: DEFAULT_CONTACT, object_matchers: [severity('none')], mute_time_intervals: [NEVER] },
          ...toOwners,
          ...toldTo(DEFAULT_CONTACT),
        ] satisfies Route[],
      },
    ],
  }
}
