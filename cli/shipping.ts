import { createKafka, withAdmin } from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'

/** True when somebody ships already: the group has members. */
export function hasShipper(settings: KafkaSettings): Promise<boolean> {
  return withAdmin(createKafka(settings, 'vigie-replay'), settings.KAFKA_BROKERS, async (admin) => {
    const { groups } = await admin.describeGroups([settings.KAFKA_GROUP_ID])
    return groups.some(({ members }) => members.length > 0)
  })
}
