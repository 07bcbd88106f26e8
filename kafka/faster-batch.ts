import { type AbortedTransaction, type FetchedRecord, withoutAborted } from './aborted.ts'

type PartitionData<Each> = { messages: Each[]; abortedTransactions?: readonly AbortedTransaction[] }
type Batch<Each> = { rawMessages: Each[]; messagesWithinOffset: Each[]; messages: Each[] }
export type BatchConstructor = new <Each extends FetchedRecord>(
  topic: string,
  fetchedOffset: string,
  partitionData: PartitionData<Each>,
) => Batch<Each>

const isControl = ({ isControlRecord }: FetchedRecord): boolean => isControlRecord

/**
 * Returns what makes kafkajs's Batch of a fetch, but in fewer steps. A fetch may begin before the offset that
 * was asked for; kafkajs makes a big integer of the offset of each record to leave those out. They ascend, so
 * that the first one that was asked for ends the search.
 */
export function fasterBatch(Original: BatchConstructor): BatchConstructor {
  function FasterBatch<Each extends FetchedRecord>(
    topic: string,
    fetchedOffset: string,
    partitionData: PartitionData<Each>,
  ): Batch<Each> {
    const { messages } = partitionData
    const batch = new Original<Each>(topic, fetchedOffset, { ...partitionData, messages: [] })
    const asked = BigInt(fetchedOffset)
    const begin = messages.findIndex(({ offset }) => BigInt(offset) >= asked)
    const within = begin === 0 ? messages : begin < 0 ? [] : messages.slice(begin)
    batch.rawMessages = messages
    batch.messagesWithinOffset = within
    const committed = withoutAborted({ ...partitionData, messages: within })
    batch.messages = committed.some(isControl) ? committed.filter((each) => !isControl(each)) : committed
    return batch
  }
  return FasterBatch as unknown as BatchConstructor
}
