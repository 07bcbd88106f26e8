import { setTimeout as pause } from 'node:timers/promises'
import { type LokiSettings } from '../loki/config.ts'
import { encoded, push } from '../loki/push.ts'
import { spread } from './latency.ts'

const PUSHES = 300
const EVERY_MS = 10
const TIMEOUT_MS = 60_000

/** How long pushes of one line take while a question is asked again and again: p99, in ms. */
export async function pushP99WhileAsked(
  settings: LokiSettings,
  labels: string,
  ask: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<number> {
  let isOver = false
  const asking = (async () => {
    while (!isOver) await ask()
  })()
  // It is awaited in the end; until then its failure must not end the process.
  asking.catch(() => undefined)
  const took: Promise<number>[] = []
  for (let index = 0; index < PUSHES && !signal.aborted; index++) {
    took.push(pushOne(settings, labels, index))
    await pause(EVERY_MS)
  }
  const all = await Promise.all(took)
  isOver = true
  await asking
  return spread(all).p99Ms
}

async function pushOne(settings: LokiSettings, labels: string, index: number): Promise<number> {
  const nowMs = Date.now()
  const nanos = (nowMs % 1_000) * 1_000_000 + index
  const entry = { seconds: Math.floor(nowMs / 1_000), nanos, line: Buffer.from(`while asked ${index}`) }
  const { body } = encoded([{ labels, entries: [entry] }])
  const startMs = performance.now()
  await push(settings, body, TIMEOUT_MS)
  return performance.now() - startMs
}
