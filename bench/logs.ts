import { serialise } from '../log/normalise.ts'
import { sampleLogs } from '../producer/sample.ts'

/** Made-up logs for a benchmark: the same ones for the same numbers. */
export type BenchLogs = {
  count: number
  newestMs: number /** Each source is split in so many. */
  copies: number
}

/** The logs as records, about 227 bytes each; a source's key is its name. */
export function* benchRecords({
  count,
  newestMs,
  copies,
}: BenchLogs): Generator<{ key: string; value: Buffer }> {
  let turn = 0
  for (const line of sampleLogs({ count, seed: 1, newestMs })) {
    if (copies > 1) line.source += `-${turn++ % copies}`
    yield { key: line.source, value: Buffer.from(serialise(line)) }
  }
}
