import { errorOfCode } from '../kafkajs.ts'

/**
 * What Kafka's answer means for a batch.
 *
 * - `stored`: it is in Kafka, by this attempt or by one before.
 * - `too large`: it is not; fewer or smaller records may be.
 * - `again`: send the same bytes again, to whoever leads the partition then.
 * - `renumber`: Kafka does not know what precedes the batch; see `verdictOf`.
 * - `refused`: it is not, and no attempt will change that.
 */
export type Verdict = 'stored' | 'too large' | 'again' | 'renumber' | 'refused'

/** Error codes of Kafka's protocol (kafka.apache.org/protocol#protocol_error_codes). */
const CODE = {
  none: 0,
  messageTooLarge: 10,
  recordListTooLarge: 18,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  unknownProducerId: 59,
} as const

/**
 * The verdict for an error code of the answer to Produce. Pure.
 *
 * One batch of a partition is under way at a time and the next follows only when Kafka has acknowledged it. So:
 *
 * - OUT_OF_ORDER_SEQUENCE_NUMBER: Kafka lost records that it had acknowledged (an unclean election). Those stay
 *   lost; nobody but their writer could send them again. This batch is in no log, or it would be a duplicate:
 *   with a new producer id it is written once.
 * - UNKNOWN_PRODUCER_ID: all that the producer wrote to the partition was deleted (brokers before Kafka 2.4). Where an
 *   attempt before this one was stored and then deleted, the batch is written a second time; whoever reads
 *   after the deletion sees it once.
 * - INVALID_PRODUCER_EPOCH: somebody else has this producer id with a newer epoch. For a writer without
 *   transactions nobody may; a new id is the way out here, too. In a transaction it means that a successor took
 *   over, and is final.
 * - MESSAGE_TOO_LARGE: Kafka looks at sizes before it looks for duplicates. Where an attempt before this one was stored
 *   without an answer, and somebody lowered the limit since, the records are written a second time in smaller batches.
 */
export function verdictOf(errorCode: number, isTransactional: boolean): Verdict {
  switch (errorCode) {
    case CODE.none:
    case CODE.duplicateSequence:
      return 'stored'
    case CODE.messageTooLarge:
    case CODE.recordListTooLarge:
      return 'too large'
    case CODE.outOfOrderSequence:
    case CODE.unknownProducerId:
    case CODE.invalidProducerEpoch:
      return isTransactional ? 'refused' : 'renumber'
    default:
      return errorOfCode(errorCode).retriable ? 'again' : 'refused'
  }
}
