import { type Producer } from '../kafka/client.ts'
import { serialise } from '../log/normalise.ts'
import { type ProducerSettings } from '../producer/config.ts'
import { sampleLogs } from '../producer/sample.ts'
import { createSink } from '../producer/sink.ts'

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

/** Fills a topic with logs as `vigie replay` would, and returns their bytes. It ends early when the signal fires. */
export async function fillTopic(
  producer: Producer,
  settings: ProducerSettings,
  topic: string,
  partitions: number,
  logs: BenchLogs,
  signal: AbortSignal,
): Promise<number> {
  const sink = createSink(producer, settings.PRODUCER_BATCH_BYTES * partitions, settings.PRODUCER_LINGER_MS)
  let bytes = 0
  for (const message of benchRecords(logs)) {
    if (signal.aborted) break
    bytes += message.value.byteLength
    await sink.add(topic, message, message.value.byteLength)
  }
  await sink.flush()
  return bytes
}
