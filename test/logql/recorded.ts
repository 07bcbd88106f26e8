import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memorySource } from '../../logql/memory.ts'
import { type Labels, type Source } from '../../logql/source.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'

/** What a real Loki 3.7.6 answered to one question. What a kind holds is in README.md beside the recordings. */
export type Answer = {
  kind: 'log' | 'instant' | 'range' | 'instant-log' | 'error' | 'format' | 'api' | 'push'
  path?: string
  name?: string
  params: Record<string, string | number | string[]>
  status: number
  resultType?: 'streams' | 'vector' | 'matrix' | 'scalar'
  result?: unknown
  data?: string
  text?: string
}

/** The version that answered. */
export const RECORDED_LOKI = '3.7.6'

const FOLDER = join(PROJECT_ROOT, 'test', 'logql', 'recorded')
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')

/** Times of the questions are larger than a JavaScript number holds exactly: they are read as text. */
const exact = (text: string): string =>
  text.replace(/("(?:start|end|time)": )(\d{16,})/g, (_, key: string, digits: string) => `${key}"${digits}"`)

/** The recorded answers of these kinds, in their order. */
export const answersOf = (...kinds: Answer['kind'][]): Answer[] =>
  (JSON.parse(exact(read('answers.json'))) as Answer[]).filter(({ kind }) => kinds.includes(kind))

type Pushed = {
  streams: { stream: Record<string, string>; values: [string, string, Record<string, string>?][] }[]
}

/** What had been pushed before the questions, as it was pushed. */
export const pushed = (): Pushed => JSON.parse(read('data.json')) as Pushed

const labelsOf = (record: Record<string, string>): Labels => new Map(Object.entries(record).sort())

/**
 * The pushed entries in memory. As Loki does, an entry with the time and the line of one that the stream
 * has is dropped.
 */
export function recordedSource(): Source {
  return memorySource(
    pushed().streams.map(({ stream, values }) => {
      const seen = new Set<string>()
      const isNew = (identity: string) => !seen.has(identity) && seen.add(identity)
      const entries = values
        .filter(([time, line]) => isNew(`${time} ${line}`))
        .map(([time, line, metadata]) => ({
          timeNs: BigInt(time),
          line,
          metadata: metadata === undefined ? undefined : labelsOf(metadata),
        }))
      return { labels: labelsOf(stream), entries }
    }),
  )
}

/** The difference of two results, numbers within 1e-9 relative; undefined when there is none. */
export function difference(actual: unknown, expected: unknown, path = ''): string | undefined {
  if (typeof actual === 'string' && typeof expected === 'string' && actual !== expected) {
    const [a, b] = [Number(actual), Number(expected)]
    const isNear =
      actual !== '' && expected !== '' && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
    return isNear ? undefined : `${path}: ${actual} instead of ${expected}`
  }
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null)
    return Object.is(actual, expected)
      ? undefined
      : `${path}: ${String(actual)} instead of ${String(expected)}`
  const keys = new Set([...Object.keys(actual), ...Object.keys(expected)])
  for (const key of keys) {
    const found = difference(
      (actual as Record<string, unknown>)[key],
      (expected as Record<string, unknown>)[key],
      `${path}.${key}`,
    )
    if (found !== undefined) return found
  }
  return undefined
}
