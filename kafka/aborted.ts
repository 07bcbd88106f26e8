/** What matters here of a record as kafkajs decodes it. */
export type FetchedRecord = {
  offset: string
  isControlRecord: boolean
  key: Buffer | null
  batchContext: { producerId: string; inTransaction: boolean }
}
/** An aborted transaction of which a fetch holds records, as the broker names it. */
export type AbortedTransaction = { producerId: string; firstOffset: string }

/** A control record's key: version and type, two int16 each; type 0 ends an aborted transaction. */
const isAbortMarker = ({ isControlRecord, key }: FetchedRecord): boolean =>
  isControlRecord && key !== null && key.length >= 4 && key.readInt16BE(2) === 0

/**
 * The records of a fetch without those of aborted transactions. Pure. kafkajs 2.2.4 takes the list as
 * ordered by first offset (the broker orders it by last offset) and looks at one entry for each
 * record: of transactions that overlap in a partition, as several producers write them, aborted
 * records then get through. This is what Kafka's own client does.
 */
export function withoutAborted<Each extends FetchedRecord>({
  messages,
  abortedTransactions,
}: {
  messages: Each[]
  abortedTransactions?: readonly AbortedTransaction[]
}): Each[] {
  if (abortedTransactions === undefined || abortedTransactions.length === 0) return messages
  const upcoming = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const aborting = new Set<string>()
  let begun = 0
  return messages.filter((message) => {
    const offset = BigInt(message.offset)
    for (let next = upcoming[begun]; next && next.firstOffset <= offset; next = upcoming[++begun])
      aborting.add(next.producerId)
    const { producerId, inTransaction } = message.batchContext
    if (isAbortMarker(message)) aborting.delete(producerId)
    return message.isControlRecord || !inTransaction || !aborting.has(producerId)
  })
}
