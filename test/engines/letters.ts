import { readSettings, stackContext } from '../../cli/settings.ts'
import { createKafka, type Message, withAdmin, withCalls } from '../../kafka/client.ts'
import { endOffsets } from '../../kafka/offsets.ts'
import { ensureTopics } from '../../kafka/topics.ts'
import { HEADER, TOPIC } from '../../log/names.ts'
import { down } from '../../stack/down.ts'
import { createProgress } from '../../stack/progress.ts'
import { up } from '../../stack/up.ts'
import { ownStackEnv, produce, readCommitted } from './harness.ts'

export type OwnKafka = Awaited<ReturnType<typeof startOwnKafka>>

/** A Kafka of its own: `vigie dead-letters` is about all letters, and other tests have theirs on the shared one. */
export async function startOwnKafka() {
  const env = await ownStackEnv()
  const where = readSettings(env).kafka
  const brokers = where.KAFKA_BROKERS
  env.KAFKA_BROKERS = brokers.join(',')
  const context = stackContext(readSettings(env), env)
  const progress = createProgress()
  await up(context, ['kafka'], progress, new AbortController().signal).finally(() => progress.close())
  const admin = <Result>(use: Parameters<typeof withAdmin<Result>>[2]): Promise<Result> =>
    withAdmin(createKafka(where, 'test'), brokers, use)
  return {
    env,
    admin,
    makeTopic: (topic: string) => admin((it) => ensureTopics(it, [topic], brokers)),
    writeLetters: (letters: readonly Message[]) => produce(TOPIC.deadLetters, letters, where),
    /** How many offsets are taken, those of open transactions too. */
    recordsOn: (topic: string): Promise<number> =>
      withCalls(where, 'test', async (calls) =>
        [...(await endOffsets(calls, topic)).values()].reduce((sum, end) => sum + Number(end), 0),
      ),
    committed: (topic: string) => readCommitted(topic, env),
    /** The numbers of the letters that were sent to a topic, in their order. */
    sentTo: async (topic: string): Promise<number[]> =>
      (await readCommitted(topic, env)).map(({ value }) => numberOf(value)).sort((a, b) => a - b),
    stop: async () => {
      const stopping = createProgress()
      await down(context, true, stopping).finally(() => stopping.close())
    },
  }
}

const numberOf = (line: string): number => (JSON.parse(line) as { number: number }).number

/** A letter as the shipper writes it: of the log with that number as its offset, and in its line. */
export const letter = (topic: string, number: number, reason = 'bad_request', more?: Message): Message => ({
  value: JSON.stringify({ source: `source-${number % 7}`, number }),
  headers: {
    [HEADER.reason]: reason,
    [HEADER.detail]: 'HTTP 400: entry too far behind',
    [HEADER.topic]: topic,
    [HEADER.partition]: '0',
    [HEADER.offset]: String(number),
  },
  ...more,
})

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
export const lettersOf = (topic: string, count: number, reason?: string, from = 0): Message[] =>
  upTo(count).map((index) => letter(topic, from + index, reason))
