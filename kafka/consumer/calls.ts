import { type Cluster, type Metadata, type PartitionMetadata } from '../cluster/cluster.ts'
import { unchecked } from '../cluster/link.ts'
import { errorOfCode } from '../kafkajs.ts'
import { decodeFetch, type FetchAnswer, type FetchedPartition } from './decode-fetch.ts'
import { byTopic, type TopicPartition } from './partitions.ts'

/** A committed offset: that of the next record, and what its member wrote beside it. */
export type Committed = TopicPartition & { offset: number; metadata: string | null }

export type Joining = {
  groupId: string
  memberId: string
  instanceId: string | undefined
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  /** The ways to assign partitions that this member knows, the best first. */
  protocols: readonly { name: string; metadata: Buffer }[]
}
export type Joined = {
  generation: number
  protocol: string
  leaderId: string
  memberId: string
  /** Of all members, for the leader only. */
  members: readonly { memberId: string; metadata: Buffer }[]
}
/** Who a member is, as the group knows it. */
export type Identity = {
  groupId: string
  memberId: string
  generation: number
  instanceId: string | undefined
}
export type FetchRequest = {
  minBytes: number
  maxWaitMs: number
  maxBytesPerPartition: number
  partitions: readonly (TopicPartition & { offset: number })[]
}

/**
 * Everything that a consumer asks of Kafka. Rejects with errors that `faultOf` names. A simulation answers in its
 * place in the tests.
 */
export type Calls = {
  metadata: (topics?: readonly string[]) => Promise<Metadata>
  coordinatorOf: (groupId: string) => Promise<number>
  join: (node: number, joining: Joining) => Promise<Joined>
  /** The leader passes each member's assignment; everybody gets their own. */
  sync: (
    node: number,
    who: Identity,
    assignments: readonly { memberId: string; assignment: Buffer }[],
  ) => Promise<Buffer>
  heartbeat: (node: number, who: Identity, timeoutMs: number) => Promise<void>
  leave: (node: number, who: Identity) => Promise<void>
  /** What the group has committed; partitions without a commit are absent. */
  committed: (
    node: number,
    groupId: string,
    partitions: readonly TopicPartition[],
  ) => Promise<readonly Committed[]>
  commit: (node: number, who: Identity, offsets: readonly Committed[]) => Promise<void>
  /** The first offset that there is, or the one behind the last. */
  listOffset: (node: number, of: TopicPartition, which: 'earliest' | 'latest') => Promise<number>
  fetch: (node: number, request: FetchRequest) => Promise<readonly FetchedPartition[]>
}

type PartitionsAnswer<Each> = {
  errorCode?: number
  responses: readonly {
    topic: string
    partitions: readonly (Each & { partition: number; errorCode: number })[]
  }[]
}
type JoinAnswer = {
  generationId: number
  groupProtocol: string
  leaderId: string
  memberId: string
  members: readonly { memberId: string; memberMetadata: Buffer }[]
}

const [EARLIEST, LATEST] = [-2, -1]
/** Reads what is committed only, as every part of Vigie does. */
const READ_COMMITTED = 1
/** Bytes of one answer, all partitions together. */
const MAX_FETCH_BYTES = 10_485_760

/** The calls of a real cluster. */
export function callsOf(cluster: Cluster): Calls {
  return {
    metadata: cluster.metadata,
    async coordinatorOf(groupId) {
      const answer = await cluster.sendAny((link) =>
        link.exchange<{ coordinator: { nodeId: number } }>('GroupCoordinator', { groupId }),
      )
      return answer.coordinator.nodeId
    },
    async join(node, { groupId, memberId, instanceId, protocols, ...timeouts }) {
      const answer = await cluster.send(node, 'join', (link) =>
        link.exchange<JoinAnswer>('JoinGroup', {
          groupId,
          memberId,
          groupInstanceId: instanceId ?? null,
          sessionTimeout: timeouts.sessionTimeoutMs,
          rebalanceTimeout: timeouts.rebalanceTimeoutMs,
          protocolType: 'consumer',
          groupProtocols: protocols,
        }),
      )
      return {
        generation: answer.generationId,
        protocol: answer.groupProtocol,
        leaderId: answer.leaderId,
        memberId: answer.memberId,
        members: answer.members.map((member) => ({
          memberId: member.memberId,
          metadata: member.memberMetadata,
        })),
      }
    },
    async sync(node, who, assignments) {
      const answer = await cluster.send(node, 'join', (link) => {
        const exchange = link.exchange<{ memberAssignment: Buffer }>('SyncGroup', {
          ...identityOf(who),
          generationId: who.generation,
          groupAssignment: assignments.map(({ memberId, assignment }) => ({
            memberId,
            memberAssignment: assignment,
          })),
        })
        // It waits for the leader, as long as a join waits for members.
        return { ...exchange, requestTimeout: SYNC_TIMEOUT_MS }
      })
      return answer.memberAssignment
    },
    async heartbeat(node, who, timeoutMs) {
      await cluster.send(node, 'group', (link) => ({
        ...link.exchange('Heartbeat', { ...identityOf(who), groupGenerationId: who.generation }),
        requestTimeout: timeoutMs,
      }))
    },
    async leave(node, { groupId, memberId }) {
      await cluster.send(node, 'group', (link) =>
        link.exchange('LeaveGroup', { groupId, memberId, members: [{ memberId }] }),
      )
    },
    async committed(node, groupId, partitions) {
      const answer = await cluster.send(node, 'group', (link) =>
        unchecked(
          link.exchange<PartitionsAnswer<{ offset: string; metadata: string | null }>>('OffsetFetch', {
            groupId,
            topics: topicsOf(partitions),
          }),
        ),
      )
      failOnError(answer.errorCode ?? 0)
      return partsOf(answer).flatMap(({ topic, partition, offset, metadata }) =>
        Number(offset) < 0 ? [] : [{ topic, partition, offset: Number(offset), metadata }],
      )
    },
    async commit(node, who, offsets) {
      const answer = await cluster.send(node, 'group', (link) =>
        unchecked(
          link.exchange<PartitionsAnswer<object>>('OffsetCommit', {
            ...identityOf(who),
            groupGenerationId: who.generation,
            topics: topicsOf(offsets),
          }),
        ),
      )
      partsOf(answer)
    },
    async listOffset(node, { topic, partition }, which) {
      const answer = await cluster.send(node, 'ask', (link) =>
        unchecked(
          link.exchange<PartitionsAnswer<{ offset: string }>>('ListOffsets', {
            isolationLevel: 0,
            topics: [
              { topic, partitions: [{ partition, timestamp: which === 'earliest' ? EARLIEST : LATEST }] },
            ],
          }),
        ),
      )
      return Number(partsOf(answer)[0]?.offset ?? 0)
    },
    async fetch(node, { minBytes, maxWaitMs, maxBytesPerPartition, partitions }) {
      const answer = await cluster.send(node, 'fetch', (link) => {
        const { request } = link.exchange('Fetch', {
          ...{ minBytes, maxWaitTime: maxWaitMs, maxBytes: MAX_FETCH_BYTES, isolationLevel: READ_COMMITTED },
          topics: topicsOf(
            partitions.map(({ topic, partition, offset }) => ({
              ...{ topic, partition, fetchOffset: offset, maxBytes: maxBytesPerPartition },
            })),
          ),
        })
        const { apiVersion } = request
        return {
          request,
          response: {
            decode: (bytes: Buffer) => decodeFetch(bytes, apiVersion),
            parse: (decoded: FetchAnswer) => decoded,
          },
        }
      })
      return answer.partitions
    },
  }
}

const UNKNOWN_TOPIC = 3

/** The partitions of a topic, and who leads them. Rejects with kafkajs's errors, also where there is no such topic. */
export async function partitionsOf(
  calls: Pick<Calls, 'metadata'>,
  topic: string,
): Promise<readonly PartitionMetadata[]> {
  const found = (await calls.metadata([topic])).topics.get(topic)
  failOnError(found?.errorCode ?? UNKNOWN_TOPIC)
  return found?.partitions ?? []
}

const SYNC_TIMEOUT_MS = 65_000

const identityOf = ({ groupId, memberId, instanceId }: Identity) => ({
  ...{ groupId, memberId, groupInstanceId: instanceId ?? null },
})

const failOnError = (errorCode: number): void => {
  if (errorCode !== 0) throw errorOfCode(errorCode)
}

function partsOf<Each>(answer: PartitionsAnswer<Each>): (Each & TopicPartition)[] {
  return answer.responses.flatMap(({ topic, partitions }) =>
    partitions.map((part) => {
      failOnError(part.errorCode)
      return { ...part, topic }
    }),
  )
}

const topicsOf = (parts: readonly TopicPartition[]) =>
  [...byTopic(parts)].map(([topic, partitions]) => ({ topic, partitions }))
