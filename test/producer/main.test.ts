import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { type Refused } from '../../kafka/writer/writer.ts'
import { DEFAULT_ALIASES } from '../../log/aliases.ts'
import { HEADER, TOPIC } from '../../log/names.ts'
import { normaliser } from '../../log/normalise.ts'
import {
  type Outgoing,
  type Replay,
  type ReplayOptions,
  replay,
  survey,
  type Tally,
} from '../../producer/main.ts'
import { type Sink } from '../../producer/sink.ts'

type Sent = {
  topic: string
  key: string | undefined
  value: string
  headers: Record<string, string> | undefined
}

const at = (minute: number): string => new Date(Date.UTC(2025, 10, 23, 9, minute)).toISOString()
const log = (minute: number, changes: Record<string, unknown> = {}) => ({
  ...{ fin: at(minute), duree: 30, etat: 'SUCCESS', source: `job-${minute}`, entreprise: 'acme', zone: 'eu' },
  ...changes,
})
const lines = (...values: unknown[]): string =>
  values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n')

/** A replay of texts or bytes into a sink that remembers; `onAdd` may end it early. */
function jobOf(
  inputs: (string | Uint8Array)[],
  options: Partial<ReplayOptions> = {},
  onAdd: (sent: Sent[]) => void = () => undefined,
) {
  const sent: Sent[] = []
  const told: Tally[] = []
  let flushed = 0
  let flushes = 0
  const sink: Sink<Outgoing> = {
    add: ({ topic, key, value, headers }) => {
      sent.push({
        ...{ topic, value: String(value), key: key?.toString() },
        headers: headers as Record<string, string> | undefined,
      })
      onAdd(sent)
      return undefined
    },
    flush: async () => {
      flushed = sent.length
      flushes++
    },
    refused: () => [],
  }
  const job: Replay = {
    inputs: inputs.map((input, index) => ({
      uri: `input-${index}`,
      async *open() {
        yield typeof input === 'string' ? Buffer.from(input) : input
      },
    })),
    normalise: normaliser(DEFAULT_ALIASES),
    sink,
    options: {
      ...{ topic: 'logs', times: 'original', pace: {}, strict: false, loop: false },
      ...{ maxRecordBytes: 1_000, lingerMs: 100 },
      ...options,
    },
    onProgress: (tally) => told.push({ ...tally }),
  }
  return { job, sent, told, flushed: () => flushed, flushes: () => flushes }
}

const never = new AbortController().signal
const START_MS = Date.UTC(2026, 10, 21, 12)
const endsOf = (sent: Sent[]): number[] => sent.map(({ value }) => Date.parse(JSON.parse(value).fin))
const run = (job: Replay, newestMs = Number.NaN, stop = never) => replay(job, newestMs, START_MS, stop)

describe('survey', () => {
  test('counts the valid logs and finds their earliest and latest ends, without sending', async () => {
    const { job, sent, told } = jobOf([lines(log(5), 'no log', log(2)), JSON.stringify([log(9), {}, log(7)])])
    expect(await survey(job, never)).toEqual({
      ...{ valid: 4, oldestMs: Date.parse(at(2)), newestMs: Date.parse(at(9)) },
    })
    expect(sent).toEqual([])
    expect(told.at(-1)).toMatchObject({ phase: 'reading', read: 6 })
  })

  test('of nothing valid', async () => {
    expect(await survey(jobOf(['x\ny']).job, never)).toMatchObject({ valid: 0, newestMs: Number.NaN })
  })

  test('ends where a gzip stream is damaged, and where it is told to stop', async () => {
    const damaged = gzipSync(lines(log(1), log(2)))
    damaged.fill(0, damaged.length - 8, damaged.length - 4)
    expect((await survey(jobOf([damaged]).job, never)).valid).toBe(1)
    expect((await survey(jobOf([lines(log(1))]).job, AbortSignal.abort())).valid).toBe(0)
  })
})

describe('times', () => {
  test('shift: the newest ends at the start, spacing and duration are kept', async () => {
    const { job, sent } = jobOf([lines(log(5), log(9), log(2))], { times: 'shift' })
    const tally = await run(job, (await survey(job, never)).newestMs)
    expect(endsOf(sent)).toEqual([-4, 0, -7].map((minutes) => START_MS + minutes * 60_000))
    for (const { value } of sent) {
      const { debut, fin, duree } = JSON.parse(value)
      expect([Date.parse(fin) - Date.parse(debut), duree]).toEqual([30_000, 30])
    }
    expect(tally).toMatchObject({ firstMs: START_MS - 7 * 60_000, lastMs: START_MS })
  })

  test('original: as they are', async () => {
    const { job, sent } = jobOf([lines(log(5), log(2))])
    const tally = await run(job)
    expect(endsOf(sent)).toEqual([at(5), at(2)].map(Date.parse))
    expect(tally).toMatchObject({ firstMs: Date.parse(at(2)), lastMs: Date.parse(at(5)) })
  })

  test('now: when they are sent', async () => {
    const { job, sent } = jobOf([lines(log(5), log(2))], { times: 'now' })
    const before = Date.now()
    await run(job)
    for (const endMs of endsOf(sent)) {
      expect(endMs).toBeGreaterThanOrEqual(before)
      expect(endMs).toBeLessThanOrEqual(Date.now())
    }
  })
})

describe('what is sent', () => {
  test('goes to the topic in order, keyed by source, and is flushed', async () => {
    const { job, sent, flushed } = jobOf([lines(log(1), log(2)), JSON.stringify([log(3, { etat: 'ko' })])])
    expect(await run(job)).toMatchObject({ phase: 'sending', read: 3, sent: 3, successes: 2, rejected: 0 })
    expect(sent.map(({ topic, key, headers }) => [topic, key, headers])).toEqual([
      ['logs', 'job-1', undefined],
      ['logs', 'job-2', undefined],
      ['logs', 'job-3', undefined],
    ])
    expect(JSON.parse(sent[2]?.value ?? '')).toMatchObject({ etat: 'FAILED', fin: at(3), duree: 30 })
    expect(flushed()).toBe(3)
  })

  test('progress is told with the numbers so far', async () => {
    const { job, told } = jobOf([lines(log(1)), lines(log(2), log(3))])
    await run(job)
    expect(told.map(({ sent }) => sent).at(-1)).toBe(3)
    expect(told.every(({ phase }) => phase === 'sending')).toBe(true)
  })
})

describe('what is rejected', () => {
  const large = JSON.stringify(log(8, { description: 'x'.repeat(5_000) }))
  const input = lines(log(1), 'no log', log(2, { etat: 'RUNNING' }), large, '{"a":1,"a":2}', '{"cut":')

  test('goes to the rejected topic as it was, with what is needed to mend it', async () => {
    const { job, sent, flushed } = jobOf([input])
    const tally = await run(job)
    expect(tally).toMatchObject({
      ...{ read: 6, sent: 1, rejected: 5 },
      rejectedBy: { not_json: 1, unknown_state: 1, too_large: 1, duplicate_key: 1, truncated: 1 },
    })
    const rejected = sent.filter(({ topic }) => topic === TOPIC.rejected)
    expect(rejected.map(({ headers }) => [headers?.[HEADER.record], headers?.[HEADER.reason]])).toEqual([
      ['2', 'not_json'],
      ['3', 'unknown_state'],
      ['4', 'too_large'],
      ['5', 'duplicate_key'],
      ['6', 'truncated'],
    ])
    for (const { headers, key } of rejected) {
      expect(headers?.[HEADER.uri]).toBe('input-0')
      expect(headers?.[HEADER.detail]).toMatch(/\w/)
      expect(key).toBeUndefined()
    }
    expect(rejected.map(({ value }) => value)).toEqual([
      'no log',
      JSON.stringify(log(2, { etat: 'RUNNING' })),
      large.slice(0, 4096),
      '{"a":1,"a":2}',
      '{"cut":',
    ])
    expect(rejected.map(({ headers }) => headers?.[HEADER.truncated])).toEqual([
      ...[undefined, undefined, String(large.length), undefined, undefined],
    ])
    expect(flushed()).toBe(6)
  })

  test('is also a log that Kafka does not take, which does not count as sent', async () => {
    const { job, sent, flushed } = jobOf([lines(log(1), log(2), log(3, { etat: 'FAILED' }))])
    const { add } = job.sink
    const refused: Refused<Outgoing>[] = []
    job.sink.add = (record, size) => {
      if (record.key !== 'job-2') return add(record, size)
      refused.push({ record, sizeBytes: 700, maxBytes: 500 })
      return undefined
    }
    job.sink.refused = () => refused.splice(0)
    const tally = await run(job)
    expect(tally).toMatchObject({
      ...{ read: 3, sent: 2, successes: 1, rejected: 1, rejectedBy: { too_large: 1 } },
    })
    expect(sent.at(-1)).toEqual({
      ...{ topic: TOPIC.rejected, key: undefined, value: expect.stringContaining('job-2') },
      headers: {
        [HEADER.reason]: 'too_large',
        [HEADER.detail]: '700 bytes compressed, the topic logs takes 500',
        [HEADER.uri]: 'input-0',
        [HEADER.record]: '2',
      },
    })
    expect(flushed()).toBe(3)
  })

  test('with --strict stops the replay; what was before it is in Kafka', async () => {
    const { job, sent, flushed } = jobOf([lines(log(1), log(2)), input], { strict: true })
    await expect(run(job)).rejects.toMatchObject({
      code: 'INPUT_RECORD_REJECTED',
      message: expect.stringMatching(/^Record 2 of input-1 is not valid JSON .* 3 logs before it were sent/),
    })
    expect(sent.map(({ topic }) => topic)).toEqual(['logs', 'logs', 'logs'])
    expect(flushed()).toBe(3)
  })
})

describe('inputs that are no logs', () => {
  test.each([[''], ['[]'], ['\n \n']])('%j: INPUT_EMPTY', async (input) => {
    await expect(run(jobOf([input]).job)).rejects.toMatchObject({
      code: 'INPUT_EMPTY',
      message: expect.stringContaining('input-0'),
    })
  })

  test('an empty one beside one with logs is no error', async () => {
    expect(await run(jobOf(['[]', lines(log(1))]).job)).toMatchObject({ sent: 1 })
  })

  test('one object that lacks the fields: INPUT_NOT_A_LIST', async () => {
    const input = JSON.stringify({ logs: [log(1), log(2)] })
    await expect(run(jobOf([input]).job)).rejects.toMatchObject({ code: 'INPUT_NOT_A_LIST' })
  })

  test('one log alone, or two objects that lack fields, are records like any other', async () => {
    expect(await run(jobOf([JSON.stringify(log(1))]).job)).toMatchObject({ sent: 1 })
    expect(await run(jobOf([lines(log(1), { a: 1 })]).job)).toMatchObject({ sent: 1, rejected: 1 })
    expect(await run(jobOf([lines({ a: 1 }, { b: 2 })]).job)).toMatchObject({ read: 2, rejected: 2 })
  })

  test('a damaged gzip stream: its error, after what was before it is in Kafka', async () => {
    const damaged = gzipSync(lines(log(1), log(2), log(3)))
    damaged.fill(0, damaged.length - 8, damaged.length - 4)
    const { job, sent, flushed } = jobOf([damaged])
    await expect(run(job)).rejects.toMatchObject({ code: 'INPUT_GZIP_CORRUPT' })
    expect([sent.length, flushed()]).toEqual([2, 2])
  })
})

describe('stopping', () => {
  test('ends early: no more is sent, what was is flushed', async () => {
    const stop = new AbortController()
    const { job, sent, flushed } = jobOf([lines(log(1), log(2), log(3), log(4))], {}, (all) => {
      if (all.length === 2) stop.abort()
    })
    expect(await run(job, Number.NaN, stop.signal)).toMatchObject({ sent: 2 })
    expect([sent.length, flushed()]).toEqual([2, 2])
  })

  test('before anything was read is no error', async () => {
    expect(await run(jobOf([lines(log(1))]).job, Number.NaN, AbortSignal.abort())).toMatchObject({ sent: 0 })
  })

  test('ends a loop, which begins anew until then', async () => {
    const stop = new AbortController()
    const { job, sent } = jobOf([lines(log(1), log(2))], { loop: true }, (all) => {
      if (all.length === 5) stop.abort()
    })
    expect(await run(job, Number.NaN, stop.signal)).toMatchObject({ sent: 5 })
    expect(sent.map(({ key }) => key)).toEqual(['job-1', 'job-2', 'job-1', 'job-2', 'job-1'])
  })

  test('a loop over nothing valid ends by itself', async () => {
    expect(await run(jobOf(['x\ny'], { loop: true }).job)).toMatchObject({ sent: 0, rejected: 2 })
  })
})

describe('pace', () => {
  test('what is due is flushed before a long wait, which a stop ends', async () => {
    const stop = new AbortController()
    const pace = { ratePerSecond: 0.001 }
    const { job, sent } = jobOf([lines(log(1), log(2))], { pace })
    let flushedAt = -1
    job.sink.flush = async () => {
      if (flushedAt < 0) flushedAt = sent.length
      setImmediate(() => stop.abort())
    }
    expect(await replay(job, Number.NaN, Date.now(), stop.signal)).toMatchObject({ sent: 1 })
    expect(flushedAt).toBe(1)
  })

  test('what is overdue is not waited for', async () => {
    const { job } = jobOf([lines(log(1), log(2), log(3))], { pace: { ratePerSecond: 1, speed: 1 } })
    expect(await replay(job, Number.NaN, Date.now() - 3_600_000, never)).toMatchObject({ sent: 3 })
  })
})
