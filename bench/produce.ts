import { createKafka, withAdmin } from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { openWriter } from '../kafka/writer/writer.ts'
import { withAliases } from '../log/aliases.ts'
import { normaliser, serialise } from '../log/normalise.ts'
import { type ProducerSettings } from '../producer/config.ts'
import { replay } from '../producer/main.ts'
import { SAMPLE_NEWEST_MS, sampleLogs } from '../producer/sample.ts'
import { createSink } from '../producer/sink.ts'

/** What producing cost. CPU is this process's, user and system. */
export type ProduceResult = {
  messages: number
  bytes: number
  seconds: number
  messagesPerSecond: number
  cpuMicrosecondsPerMessage: number
  peakMemoryMegabytes: number
}

const CHUNK_BYTES = 65_536

/** The input as a file would give it: NDJSON in chunks. Made beforehand, so that it costs nothing later. */
function inputChunks(count: number): { chunks: Buffer[]; bytes: number } {
  const chunks: Buffer[] = []
  let text = ''
  let bytes = 0
  const cut = () => {
    const chunk = Buffer.from(text)
    bytes += chunk.byteLength
    chunks.push(chunk)
    text = ''
  }
  for (const line of sampleLogs({ count, seed: 1, newestMs: SAMPLE_NEWEST_MS })) {
    text += `${serialise(line)}\n`
    if (text.length >= CHUNK_BYTES) cut()
  }
  if (text !== '') cut()
  return { chunks, bytes }
}

/**
 * Replays generated logs into a topic of its own as fast as it goes: split, validated, normalised,
 * shifted, batched, compressed, acknowledged. The topic is deleted afterwards. Throws KAFKA_*.
 */
export async function benchProduce(
  kafkaSettings: KafkaSettings,
  producerSettings: ProducerSettings,
  count: number,
): Promise<ProduceResult> {
  const { chunks, bytes } = inputChunks(count)
  const topic = `vigie-bench-produce-${process.pid}-${Date.now()}`
  const kafka = createKafka(kafkaSettings, 'vigie-bench')
  const brokers = kafkaSettings.KAFKA_BROKERS
  await withAdmin(kafka, brokers, (admin) => ensureTopics(admin, [topic], brokers))
  const writer = await openWriter(kafkaSettings, 'vigie-bench')
  try {
    const partitions = 3
    const lingerMs = producerSettings.PRODUCER_LINGER_MS
    const cpu = process.cpuUsage()
    const startMs = performance.now()
    const tally = await replay(
      {
        inputs: [
          {
            uri: 'bench',
            open: async function* () {
              yield* chunks
            },
          },
        ],
        normalise: normaliser(withAliases()),
        sink: createSink(writer, producerSettings.PRODUCER_BATCH_BYTES * partitions, lingerMs),
        options: {
          topic,
          times: 'shift',
          pace: {},
          strict: true,
          loop: false,
          maxRecordBytes: producerSettings.RECORD_MAX_BYTES,
          lingerMs,
        },
        onProgress: () => undefined,
      },
      SAMPLE_NEWEST_MS,
      Date.now(),
      new AbortController().signal,
    )
    const seconds = (performance.now() - startMs) / 1000
    const { user, system } = process.cpuUsage(cpu)
    return {
      messages: tally.sent,
      bytes,
      seconds,
      messagesPerSecond: tally.sent / seconds,
      cpuMicrosecondsPerMessage: (user + system) / tally.sent,
      peakMemoryMegabytes: process.resourceUsage().maxRSS / 1000,
    }
  } finally {
    writer.close()
    await withAdmin(kafka, brokers, (admin) => admin.deleteTopics({ topics: [topic] }))
  }
}
