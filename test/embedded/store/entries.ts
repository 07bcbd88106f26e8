import { type NewEntry, type NewStream } from '../../../embedded/store/store.ts'
import { type Labels } from '../../../logql/source.ts'

export const entry = (timeNs: bigint, line: string | Buffer, metadata?: Labels): NewEntry => {
  const nanos = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return {
    seconds: Number((timeNs - nanos) / 1_000_000_000n),
    nanos: Number(nanos),
    line: Buffer.from(line),
    metadata,
  }
}

export const stream = (job: string, entries: readonly NewEntry[]): NewStream => ({
  key: `{job="${job}"}`,
  labels: new Map([['job', job]]),
  entries,
})
