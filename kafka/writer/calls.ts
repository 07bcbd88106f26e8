import { type Cluster, type Metadata } from '../cluster/cluster.ts'
import { unchecked } from '../cluster/link.ts'
import { answersOf, type PartitionAnswer, type PartitionBatch, produceExchange } from './produce.ts'
import { type Identity } from './sequence.ts'

/** Everything that a writer asks of Kafka. Rejects with errors that `faultOf` names. The tests simulate it. */
export type WriterCalls = {
  metadata: (topics: readonly string[]) => Promise<Metadata>
  /** Each topic's `max.message.bytes`; one that nobody may ask for is absent. */
  maxBatchBytes: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>
  /** A producer id that nobody has. */
  newIdentity: () => Promise<Identity>
  produce: (node: number, batches: readonly PartitionBatch[]) => Promise<readonly PartitionAnswer[]>
}

type Configs = {
  resources: readonly {
    errorCode: number
    resourceName: string
    configEntries: readonly { configName: string; configValue: string | null }[]
  }[]
}

const MAX_BYTES_CONFIG = 'max.message.bytes'
/** The type of a topic among the resources that have configurations (org.apache.kafka.common.config.ConfigResource). */
const TOPIC_RESOURCE = 2
/** Only transactions time out. */
const NO_TRANSACTION = { transactionalId: null, transactionTimeout: 0 }

/** The calls of a real cluster, in transactions of that id. */
export function writerCallsOf(cluster: Cluster, transactionalId: string | null = null): WriterCalls {
  return {
    metadata: cluster.metadata,
    async maxBatchBytes(topics) {
      const resources = topics.map((name) => ({
        ...{ type: TOPIC_RESOURCE, name, configNames: [MAX_BYTES_CONFIG] },
      }))
      const answer = await cluster.sendAny((link) =>
        unchecked(link.exchange<Configs>('DescribeConfigs', { resources })),
      )
      return new Map(
        answer.resources.flatMap(({ resourceName, configEntries }) =>
          configEntries
            .filter(
              ({ configName, configValue }) => configName === MAX_BYTES_CONFIG && Number(configValue) > 0,
            )
            .map(({ configValue }) => [resourceName, Number(configValue)] as const),
        ),
      )
    },
    async newIdentity() {
      const { producerId, producerEpoch } = await cluster.sendAny((link) =>
        link.exchange<{ producerId: string; producerEpoch: number }>('InitProducerId', NO_TRANSACTION),
      )
      return { producerId: BigInt(producerId), epoch: producerEpoch, isTransactional: false }
    },
    async produce(node, batches) {
      return answersOf(
        await cluster.send(node, 'produce', (link) => produceExchange(link, batches, transactionalId)),
      )
    },
  }
}
