import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaSettings } from '../kafka/config.ts'
import { type LokiSettings } from '../loki/config.ts'
import { vigieError } from '../service/errors.ts'
import { NODE_FLAGS } from '../shipper/node-flags.ts'
import { type Child, startChild } from './child.ts'
import { type BenchTopic } from './topic.ts'
import { usageOf } from './usage.ts'

/**
 * What one way of shipping cost, as the system counts it for the processes that did it. CPU is user and
 * system time of all threads: from the beginning of the work, and with the start of the process. null where
 * the system does not tell (not Linux).
 */
export type Measurement = {
  what: string
  seconds: number
  messagesPerSecond: number
  cpuMicrosecondsPerMessage: number | null
  cpuWithStartMicrosecondsPerMessage: number | null
  peakMegabytes: number | null
}

export type Job = { kafka: KafkaSettings; topic: BenchTopic; count: number; signal: AbortSignal }

const POLL_MS = 25
/** Longer than any rebalance and retry; whoever does not move for so long never will. */
const STALLED_MS = 60_000

const kafkaEnv = (kafka: KafkaSettings, topic: string, group: string) => ({
  KAFKA_BROKERS: kafka.KAFKA_BROKERS.join(','),
  KAFKA_TOPIC: topic,
  KAFKA_GROUP_ID: group,
})

/** Reading the topic, and nothing else: a floor. */
export function readAlone({ kafka, topic, count, signal }: Job): Promise<Measurement> {
  const env = kafkaEnv(kafka, topic.name, topic.newGroup())
  const start = () => [startChild('dist/bench/read-alone.js', [String(count)], env, NODE_FLAGS)]
  return measured('reading alone', count, signal, start, async ([child]) => {
    await child?.said(/is through/)
  })
}

/** Encoding, compressing and posting pushes to a null sink, and nothing else: a floor. */
export function pushAlone({ count, signal }: Job, sinkUrl: string): Promise<Measurement> {
  const start = () => [
    startChild('dist/bench/push-alone.js', [String(count)], { LOKI_URL: sinkUrl }, NODE_FLAGS),
  ]
  return measured('the push alone', count, signal, start, async ([child]) => {
    await child?.said(/is through/)
  })
}

/** The real `vigie ship`, as many of them as asked for in one group, until all is committed. */
export function shipped(
  { kafka, topic, count, signal }: Job,
  what: string,
  loki: LokiSettings,
  shippers = 1,
): Promise<Measurement> {
  const group = topic.newGroup()
  const start = () => startShippers(kafka, topic.name, group, loki, shippers)
  return measured(what, count, signal, start, () => untilCommitted(topic, group))
}

/** Starts so many of the real `vigie ship` in one group. */
export function startShippers(
  kafka: KafkaSettings,
  topic: string,
  group: string,
  loki: LokiSettings,
  shippers: number,
): Child[] {
  const env = {
    ...kafkaEnv(kafka, topic, group),
    LOKI_URL: loki.LOKI_URL,
    LOKI_TENANT_ID: loki.LOKI_TENANT_ID,
    SHIPPER_SIDE_TOPICS: 'false',
    METRICS_PORT: '0',
    LOG_LEVEL: 'info',
    LOG_TO_LOKI: 'false',
  }
  const start = () => startChild('bin/vigie.js', ['ship'], env, NODE_FLAGS)
  return Array.from({ length: shippers }, start)
}

async function untilCommitted(topic: BenchTopic, group: string): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  let movedMs = Date.now()
  for (;;) {
    const left = await topic.left(group)
    if (left === 0) return
    if (left < least) {
      least = left
      movedMs = Date.now()
    }
    if (Date.now() - movedMs > STALLED_MS)
      throw vigieError('BENCH_FAILED', {
        problem: `${left} logs were not shipped for ${STALLED_MS / 1000} s`,
      })
    await sleep(POLL_MS)
  }
}

/** What a program of ours writes when it begins: the shipper's own log, or a line of the floors' scripts. */
const BEGINS = /joined the group|begins/

async function measured(
  what: string,
  count: number,
  signal: AbortSignal,
  start: () => Child[],
  done: (children: readonly Child[]) => Promise<void>,
): Promise<Measurement> {
  const { interrupted, forget } = interruption(signal)
  const children = start()
  const pids = children.map(({ pid }) => pid)
  const anyEnded = children.map(({ ended }) => ended)
  try {
    // The first of several begins alone: what the others' joining costs is part of the work.
    await Promise.race([interrupted, ...children.map((child) => child.said(BEGINS))])
    const startMs = performance.now()
    const before = usageOf(pids)
    await Promise.race([interrupted, ...anyEnded, done(children)])
    const seconds = (performance.now() - startMs) / 1000
    const after = usageOf(pids)
    const perMessage = (cpuSeconds: number) => (cpuSeconds / count) * 1e6
    return {
      what,
      seconds,
      messagesPerSecond: count / seconds,
      cpuMicrosecondsPerMessage: after && before ? perMessage(after.cpuSeconds - before.cpuSeconds) : null,
      cpuWithStartMicrosecondsPerMessage: after ? perMessage(after.cpuSeconds) : null,
      peakMegabytes: after?.peakMegabytes ?? null,
    }
  } finally {
    forget()
    await Promise.all(children.map((child) => child.stop()))
  }
}

/** Rejects with INTERRUPTED when the signal fires; `forget` once nobody waits for that any more. */
function interruption(signal: AbortSignal): { interrupted: Promise<never>; forget: () => void } {
  let stop = () => {}
  const interrupted = new Promise<never>((_, reject) => {
    stop = () => reject(vigieError('INTERRUPTED', { state: 'The topic of the benchmark is deleted.' }))
  })
  interrupted.catch(() => undefined)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  return { interrupted, forget: () => signal.removeEventListener('abort', stop) }
}
