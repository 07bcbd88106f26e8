/** Who writes, as Kafka knows it. In a transaction an id is kept whatever happens; without, it can be changed. */
export type Identity = { producerId: bigint; epoch: number; isTransactional: boolean }

/**
 * How the records of one partition are numbered, by which Kafka tells what it has already. Without a number
 * the partition needs a producer id of its own first.
 */
export type Sequence = { kind: 'numbered'; identity: Identity; next: number } | { kind: 'unnumbered' }

export const UNNUMBERED: Sequence = { kind: 'unnumbered' }
/** Sequence numbers are int32 and go on at 0 (Kafka's DefaultRecordBatch.incrementSequence). */
const SEQUENCES = 2 ** 31

/** Numbering begins at 0 for each producer id. */
export const begun = (identity: Identity): Sequence => ({ kind: 'numbered', identity, next: 0 })

/** After so many records were stored. */
export const advanced = (sequence: Sequence, count: number): Sequence =>
  sequence.kind === 'unnumbered' ? sequence : { ...sequence, next: (sequence.next + count) % SEQUENCES }
