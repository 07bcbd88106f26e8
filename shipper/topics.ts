import { subscriptionOf } from '../kafka/config.ts'
import { type Topics } from '../kafka/consumer/subscription.ts'
import { JOB } from '../log/names.ts'
import { type Shipper } from './config.ts'
import { type ShipperEvents } from './events.ts'
import { withMetadata } from './project/metadata.ts'
import { projector } from './project/project.ts'
import { type ShippedTopic, sideTopics } from './side.ts'

/** The topics that a shipper reads, and how each of them is shipped. */
export type ShippedTopics = { subscribed: Topics; of: (topic: string) => ShippedTopic }

/** The topics of logs first, so that their partitions are spread evenly; then Vigie's own that are shipped beside them. */
export function shippedTopics(
  { settings, kafka }: Shipper,
  events: Pick<ShipperEvents, 'labelDemoted'>,
): ShippedTopics {
  const plain = projector({
    tenantField: settings.SHIPPER_TENANT_FIELD,
    maxLabelValues: settings.SHIPPER_MAX_LABEL_VALUES,
    onDemoted: events.labelDemoted,
  })
  const parts = settings.SHIPPER_METADATA
  const project = parts.length === 0 ? plain : withMetadata(plain, parts)
  const { names, fits } = subscriptionOf(kafka)
  const side = new Map(settings.SHIPPER_SIDE_TOPICS ? sideTopics() : [])
  for (const name of names) side.delete(name)
  return {
    subscribed: { names: [...names, ...side.keys()], fits },
    of: (topic) => side.get(topic) ?? { topic, job: JOB.logs, project, isSide: false },
  }
}
