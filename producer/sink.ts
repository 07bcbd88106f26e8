import { LZ4, type Message, type Producer } from '../kafka/client.ts'

/** Collects records and writes them to Kafka in batches, one batch under way at a time. */
export type Sink = {
  /** Adds a record. Resolves at once unless a batch is full, or old, and the one before it is not through. */
  add: (topic: string, message: Message, sizeBytes: number) => Promise<void> | undefined
  /** Resolves when everything added so far is acknowledged by Kafka. */
  flush: () => Promise<void>
}

/**
 * A sink over a connected producer. A batch is sent when it holds `maxBytes`, or when its oldest
 * record has waited `lingerMs`. Errors of Kafka reject the next `add` or `flush`.
 */
export function createSink(
  producer: Producer,
  maxBytes: number,
  lingerMs: number,
  now: () => number = Date.now,
): Sink {
  let byTopic = new Map<string, Message[]>()
  let sizeBytes = 0
  let oldestMs = 0
  let underWay: Promise<unknown> = Promise.resolve()

  const send = async (): Promise<void> => {
    await underWay
    if (byTopic.size === 0) return
    const topicMessages = [...byTopic].map(([topic, messages]) => ({ topic, messages }))
    byTopic = new Map()
    sizeBytes = 0
    underWay = producer.sendBatch({ topicMessages, compression: LZ4 })
    // Its error is thrown by the next `await underWay`; until then it must not count as unhandled.
    underWay.catch(() => undefined)
  }

  return {
    add(topic, message, messageBytes) {
      if (byTopic.size === 0) oldestMs = now()
      const messages = byTopic.get(topic)
      if (messages === undefined) byTopic.set(topic, [message])
      else messages.push(message)
      sizeBytes += messageBytes
      return sizeBytes >= maxBytes || now() - oldestMs >= lingerMs ? send() : undefined
    },
    async flush() {
      await send()
      await underWay
    },
  }
}
