import { setTimeout as sleep } from 'node:timers/promises'
import { TOPIC } from '../log/names.ts'
import { reasonOf, vigieError } from '../service/errors.ts'
import { type Admin } from './client.ts'

/** How a topic is made. Every value is explicit, so that a broker's defaults never decide. */
export type TopicSpec = {
  name: string
  partitions: number
  /** Why that many partitions. */
  partitionsReason: string
  /** How long a record is kept; `latest by key`: until the next one with its key (compaction). */
  retention: { hours: number } | 'latest by key'
  retentionReason: string
  segmentMegabytes: number
  segmentReason: string
  compression: 'lz4' | 'producer'
  compressionReason: string
}

/**
 * The topics Vigie writes. Chosen as the Crypto Viz seed chose: more partitions for faster topics,
 * retention by how long a record is still of use, small segments for slow topics, since only a
 * closed segment can be deleted.
 */
export const TOPICS: readonly TopicSpec[] = [
  {
    name: TOPIC.logs,
    partitions: 3,
    partitionsReason: 'three shippers can share it; one source stays in one partition, so in order',
    retention: { hours: 7 * 24 },
    retentionReason: 'a week: long enough to replay after a holiday without Loki',
    segmentMegabytes: 128,
    segmentReason: 'about 600,000 logs; at common rates a segment closes within days',
    compression: 'producer',
    compressionReason: 'Vigie writes LZ4; what others write is kept, so the broker never recompresses',
  },
  {
    name: TOPIC.rejected,
    partitions: 1,
    partitionsReason: 'rare, and read by people: one partition keeps the order of arrival',
    retention: { hours: 14 * 24 },
    retentionReason: 'two weeks to find and mend the job that writes them',
    segmentMegabytes: 64,
    segmentReason: 'slow topic: small segments, so that retention takes effect',
    compression: 'lz4',
    compressionReason: 'only Vigie writes here',
  },
  {
    name: TOPIC.deadLetters,
    partitions: 1,
    partitionsReason: 'rare, and retried in order of arrival',
    retention: { hours: 30 * 24 },
    retentionReason: 'a month: they are the only copy of a line that Loki refused',
    segmentMegabytes: 64,
    segmentReason: 'slow topic: small segments, so that retention takes effect',
    compression: 'lz4',
    compressionReason: 'only Vigie writes here',
  },
  {
    name: TOPIC.incidents,
    partitions: 1,
    partitionsReason: 'a few a day, and read by people: one partition keeps the order of arrival',
    retention: { hours: 30 * 24 },
    retentionReason: 'a month: what MTTR is usually looked at over, should Loki have to be filled anew',
    segmentMegabytes: 64,
    segmentReason: 'slow topic: small segments, so that retention takes effect',
    compression: 'lz4',
    compressionReason: 'only Vigie writes here',
  },
  {
    name: TOPIC.incidentsState,
    partitions: 1,
    partitionsReason: 'a tracker that takes over reads all of it; sources may move when logs get partitions',
    retention: 'latest by key',
    retentionReason: 'the last state of each source is all that counts',
    segmentMegabytes: 16,
    segmentReason: 'only a closed segment is compacted: about 40,000 states, read within a second',
    compression: 'lz4',
    compressionReason: 'only Vigie writes here',
  },
]

const configOf = (spec: TopicSpec) => [
  ...(spec.retention === 'latest by key'
    ? [{ name: 'cleanup.policy', value: 'compact' }]
    : [
        { name: 'cleanup.policy', value: 'delete' },
        { name: 'retention.ms', value: String(spec.retention.hours * 3_600_000) },
      ]),
  { name: 'segment.bytes', value: String(spec.segmentMegabytes * 1_048_576) },
  { name: 'compression.type', value: spec.compression },
]

/** The spec of a topic; one that the user named is made like the topic of the logs. */
const specFor = (name: string): TopicSpec =>
  TOPICS.find((spec) => spec.name === name) ?? { ...(TOPICS[0] as TopicSpec), name }

/**
 * Creates those of the topics that are missing; existing ones are left as their owner made them.
 * Replication is the broker's default. Throws KAFKA_TOPIC_NOT_CREATED.
 */
export async function ensureTopics(
  admin: Admin,
  names: readonly string[],
  brokers: readonly string[],
): Promise<void> {
  const existing = new Set(await admin.listTopics())
  const missing = names.filter((each) => !existing.has(each))
  for (const name of missing) {
    const spec = specFor(name)
    try {
      await admin.createTopics({
        waitForLeaders: false,
        topics: [{ topic: name, numPartitions: spec.partitions, configEntries: configOf(spec) }],
      })
    } catch (error) {
      const first = (error as AggregateError).errors?.[0] ?? error
      if ((first as { type?: string }).type === 'TOPIC_ALREADY_EXISTS') continue
      throw vigieError(
        'KAFKA_TOPIC_NOT_CREATED',
        { topic: name, brokers: brokers.join(','), problem: reasonOf(first) },
        error,
      )
    }
  }
  if (missing.length > 0) await untilLed(admin, missing, brokers)
}

const LED_WITHIN_MS = 30_000
const POLL_MS = 50

/**
 * Waits until each partition has a leader. kafkajs's own wait gives up when the broker that it asks
 * has not heard of the new topic yet, which a busy machine shows.
 */
export async function untilLed(
  admin: Admin,
  topics: readonly string[],
  brokers: readonly string[],
): Promise<void> {
  const deadlineMs = Date.now() + LED_WITHIN_MS
  for (;;) {
    const problem = await leaderless(admin, topics)
    if (problem === undefined) return
    if (Date.now() > deadlineMs)
      throw vigieError('KAFKA_TOPIC_NOT_CREATED', {
        topic: topics.join(', '),
        brokers: brokers.join(','),
        problem,
      })
    await sleep(POLL_MS)
  }
}

async function leaderless(admin: Admin, topics: readonly string[]): Promise<string | undefined> {
  try {
    const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] })
    const led = found.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
    return led ? undefined : 'a partition has no leader yet'
  } catch (error) {
    return reasonOf(error)
  }
}
