import { type Cluster } from '../cluster/cluster.ts'
import { type Exchange, type Link } from '../cluster/link.ts'
import { byTopic, type TopicPartition } from '../consumer/partitions.ts'
import { type Identity } from './sequence.ts'

/** The next offset to read of one partition, as its group is to remember it. */
export type Progress = { groupId: string; topic: string; partition: number; nextOffset: bigint }

/** Everything that a transaction asks of Kafka. Rejects with errors that `faultOf` names. */
export type TransactionCalls = {
  /** Ends what a predecessor had begun, and fences it: nothing that it sends is taken from now on. */
  fence: () => Promise<Identity>
  addPartitions: (who: Identity, partitions: readonly TopicPartition[]) => Promise<void>
  addOffsets: (who: Identity, groupId: string) => Promise<void>
  commitOffsets: (who: Identity, progress: Progress) => Promise<void>
  end: (who: Identity, outcome: 'commit' | 'abort') => Promise<void>
}

/** What a coordinator coordinates (kafka.apache.org/protocol, FindCoordinator). */
const [GROUP, TRANSACTION] = [0, 1]

/** The calls of a real cluster. Who coordinates is asked each time: transactions are few, and brokers come and go. */
export function transactionCallsOf(
  cluster: Cluster,
  transactionalId: string,
  transactionTimeoutMs: number,
): TransactionCalls {
  const send = async <Answer>(
    coordinatorType: number,
    groupId: string,
    make: (link: Link) => Exchange<Answer>,
  ): Promise<Answer> => {
    const { coordinator } = await cluster.sendAny((link) =>
      link.exchange<{ coordinator: { nodeId: number } }>('GroupCoordinator', { groupId, coordinatorType }),
    )
    return cluster.send(coordinator.nodeId, 'ask', make)
  }
  const ask = async (who: Identity, name: string, parameters: object): Promise<void> => {
    await send(TRANSACTION, transactionalId, (link) => link.exchange(name, { ...asked(who), ...parameters }))
  }
  const asked = ({ producerId, epoch }: Identity) => ({
    ...{ transactionalId, producerId: String(producerId), producerEpoch: epoch },
  })

  return {
    async fence() {
      const { producerId, producerEpoch } = await send(TRANSACTION, transactionalId, (link) =>
        link.exchange<{ producerId: string; producerEpoch: number }>('InitProducerId', {
          ...{ transactionalId, transactionTimeout: transactionTimeoutMs },
        }),
      )
      return { producerId: BigInt(producerId), epoch: producerEpoch, isTransactional: true }
    },
    addPartitions: (who, partitions) =>
      ask(who, 'AddPartitionsToTxn', {
        topics: [...byTopic(partitions)].map(([topic, own]) => ({
          ...{ topic, partitions: own.map(({ partition }) => partition) },
        })),
      }),
    addOffsets: (who, groupId) => ask(who, 'AddOffsetsToTxn', { groupId }),
    async commitOffsets(who, { groupId, topic, partition, nextOffset }) {
      const topics = [{ topic, partitions: [{ partition, offset: String(nextOffset), metadata: null }] }]
      await send(GROUP, groupId, (link) =>
        link.exchange('TxnOffsetCommit', { ...asked(who), groupId, topics }),
      )
    },
    end: (who, outcome) => ask(who, 'EndTxn', { transactionResult: outcome === 'commit' }),
  }
}
