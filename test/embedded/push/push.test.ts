import { describe, expect, it } from '@jest/globals'
import { readConfig } from '../../../embedded/config.ts'
import { push } from '../../../embedded/push/push.ts'
import { type PushedStream } from '../../../embedded/push/pushed.ts'
import { createPushState } from '../../../embedded/push/state.ts'
import { outcomeOf } from '../../../loki/outcome.ts'
import { memoryStore } from '../memory-store.ts'
import { allOf } from '../store/harness.ts'

const NOW_MS = Date.UTC(2026, 10, 20)
const NOW = NOW_MS / 1_000

const stateWith = (limits = '') => createPushState(memoryStore(), readConfig(`limits_config: {${limits}}`))
const entry = (seconds: number, line = 'x', metadata?: Record<string, string>) => ({
  seconds,
  nanos: 0,
  line: Buffer.from(line),
  metadata: metadata === undefined ? undefined : new Map(Object.entries(metadata)),
})
const stream = (labels: string, ...entries: PushedStream['entries']): PushedStream => ({ labels, entries })

describe('what a push may hold', () => {
  it('is stored under sorted labels', () => {
    const state = stateWith()
    expect(push(state, 'fake', [stream('{b="2", a="1"}', entry(NOW))], NOW_MS)).toMatchObject({
      status: 204,
      text: '',
      stored: { lines: 1, bytes: 1 },
    })
    expect(state.store.tenant('fake')?.newestNs('{a="1", b="2"}')).toBe(BigInt(NOW) * 1_000_000_000n)
  })

  it('tells each refused entry, and stores the others', () => {
    const state = stateWith('max_line_size: 10')
    const entries = [entry(NOW - 8 * 86_400), entry(NOW + 601), entry(NOW, 'x'.repeat(11)), entry(NOW)]
    const { status, text, stored } = push(state, 'fake', [stream('{a="b"}', ...entries)], NOW_MS)
    expect(status).toBe(400)
    expect(text.split('; ')).toEqual([
      `1 errors like: entry for stream '{a="b"}' has timestamp too old: 2026-11-12T00:00:00Z, oldest acceptable timestamp is: 2026-11-13T00:00:00Z`,
      `1 errors like: entry for stream '{a="b"}' has timestamp too new: 2026-11-20T00:10:01Z`,
      `1 errors like: max entry size '10' bytes exceeded for stream '{a="b"}' while adding an entry with length '11' bytes`,
    ])
    expect(stored.lines).toBe(1)
  })

  it('lists ten refusals, then a total', () => {
    const entries = Array.from({ length: 15 }, (_, index) => entry(NOW + 601 + index))
    const { text } = push(stateWith(), 'fake', [stream('{a="b"}', ...entries, entry(NOW))], NOW_MS)
    expect(text.split('; ')).toHaveLength(10)
    expect(text).toMatch(/\nand 5 more, total ignored: 15 out of 16$/)
  })

  it('counts refusals in the same words', () => {
    const entries = [entry(NOW + 601), entry(NOW + 601), entry(NOW)]
    expect(push(stateWith(), 'fake', [stream('{a="b"}', ...entries)], NOW_MS).text).toBe(
      `2 errors like: entry for stream '{a="b"}' has timestamp too new: 2026-11-20T00:10:01Z`,
    )
  })

  it('cuts long lines where that is asked for', () => {
    const state = stateWith('max_line_size: 4, max_line_size_truncate: true')
    expect(push(state, 'fake', [stream('{a="b"}', entry(NOW, 'abcdefgh'))], NOW_MS)).toMatchObject({
      status: 204,
      stored: { lines: 1, bytes: 4 },
    })
  })

  it('has structured metadata within its limits, under names of labels', () => {
    const limits = 'max_structured_metadata_size: 20, max_structured_metadata_entries_count: 2'
    const state = stateWith(limits)
    const metadataOf = (metadata: Record<string, string>) =>
      push(state, 'fake', [stream('{a="b"}', entry(NOW, 'x', metadata))], NOW_MS).text
    expect(metadataOf({ k: 'v'.repeat(30) })).toMatch(
      /has structured metadata too large: '31' bytes, limit: '20' bytes/,
    )
    expect(metadataOf({ a: '1', b: '2', c: '3' })).toMatch(
      /has too many structured metadata labels: '3', limit: '2'/,
    )
    expect(metadataOf({ 'z.y': '1', '1a': '2' })).toBe('')
    const [selected] = allOf(state.store.tenant('fake')?.select([], 0n, 2n ** 62n))
    const metadata = selected?.blocks[0]?.lines().metadata(0)
    expect([...(metadata ?? [])]).toEqual([
      ['key_1a', '2'],
      ['z_y', '1'],
    ])
  })

  it('is not too far behind the newest entry of its stream', () => {
    const state = stateWith()
    push(state, 'fake', [stream('{a="b"}', entry(NOW))], NOW_MS)
    const late = stream('{a="b"}', entry(NOW - 3_601), entry(NOW - 3_599))
    const { status, text, stored } = push(state, 'fake', [late], NOW_MS)
    expect(status).toBe(400)
    expect(text).toBe(
      `entry with timestamp 2026-11-19 22:59:59 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-19T22:59:59Z, oldest acceptable timestamp is: 2026-11-19T23:00:00Z',\n` +
        `user 'fake', total ignored: 1 out of 2 for stream: {a="b"}`,
    )
    expect(stored.lines).toBe(1)
  })

  it('moves the newest entry while it is read', () => {
    const { text } = push(stateWith(), 'fake', [stream('{a="b"}', entry(NOW), entry(NOW - 3_601))], NOW_MS)
    expect(text).toMatch(/total ignored: 1 out of 2/)
  })
})

describe('tenants', () => {
  it('are so many at most: a further one is refused, those that are stored go on', () => {
    const state = stateWith('max_tenants: 2')
    const pushed = (tenant: string) => push(state, tenant, [stream('{a="b"}', entry(NOW))], NOW_MS).status
    expect([pushed('a'), pushed('b'), pushed('a')]).toEqual([204, 204, 204])
    expect(() => pushed('c')).toThrow(/^maximum number of tenants \(2\) reached, user 'c' is none of them/)
    expect(state.store.tenants()).toEqual(['a', 'b'])
    expect(pushed('b')).toBe(204)
  })

  it('are a thousand by default, and without a limit where it is 0', () => {
    expect(readConfig('').limits_config.max_tenants).toBe(1_000)
    const state = stateWith('max_tenants: 0')
    for (let index = 0; index < 1_001; index++)
      push(state, `t${index}`, [stream('{a="b"}', entry(NOW))], NOW_MS)
    expect(state.store.tenants()).toHaveLength(1_001)
  })
})

describe('rates', () => {
  const lineOf = (bytes: number) => entry(NOW, 'x'.repeat(bytes))
  const MIB = 1_048_576

  it('of a tenant refuse a push as a whole, until its bucket has filled again', () => {
    const state = stateWith('ingestion_rate_mb: 1, ingestion_burst_size_mb: 2, max_line_size: 0')
    const push2 = (nowMs: number) => push(state, 'me', [stream('{a="b"}', lineOf(1.5 * MIB))], nowMs)
    expect(push2(NOW_MS).status).toBe(204)
    const refused = push2(NOW_MS + 900)
    expect(refused).toMatchObject({ status: 429, stored: { lines: 0 } })
    expect(refused.text).toMatch(
      /^ingestion rate limit exceeded for user me \(limit: 1048576 bytes\/sec\) while attempting to ingest '1' lines totaling '1572864' bytes/,
    )
    expect(outcomeOf(refused.status, refused.text).name).toBe('rate_limited')
    expect(push2(NOW_MS + 1_000).status).toBe(204)
  })

  it('of a stream refuse all of that stream and nothing of others', () => {
    const limits = 'per_stream_rate_limit: 1MB, per_stream_rate_limit_burst: 1MB, max_line_size: 0'
    const state = stateWith(limits)
    const streams = [stream('{a="b"}', lineOf(600_000), lineOf(600_000)), stream('{c="d"}', lineOf(10))]
    const { status, text, stored } = push(state, 'fake', streams, NOW_MS)
    expect(text).toMatch(
      /^per stream rate limit exceeded \(limit: 1MB\/sec\) .* for stream '{a="b"}' totaling/,
    )
    expect(outcomeOf(status, text).name).toBe('stream_limited')
    expect(stored.lines).toBe(1)
  })

  it('are what an answer speaks of, whatever else is refused', () => {
    const state = stateWith('max_global_streams_per_user: 1')
    const streams = [stream('{a="1"}', entry(NOW), entry(NOW + 601)), stream('{a="2"}', entry(NOW))]
    const { status, text } = push(state, 'fake', streams, NOW_MS)
    expect(text).toMatch(
      /has timestamp too new[\s\S]*maximum active stream limit exceeded .* {a="2"}, .*user: 'fake'/,
    )
    expect(outcomeOf(status, text).name).toBe('stream_limited')
  })
})

describe('labels', () => {
  it('that cannot be read refuse the whole push', () => {
    const state = stateWith()
    const streams = [stream('{a="b"}', entry(NOW)), stream('{a-b="c"}', entry(NOW))]
    expect(() => push(state, 'fake', streams, NOW_MS)).toThrow(
      "couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'",
    )
    expect(state.store.tenants()).toEqual([])
  })

  it.each([
    ['{}', 'error at least one label pair is required per stream'],
    ['{a=""}', 'error at least one label pair is required per stream'],
    [`{${'l'.repeat(1_025)}="v"}`, 'has label name too long'],
    [`{a="${'v'.repeat(2_049)}"}`, 'has label value too long'],
    [`{${Array.from({ length: 16 }, (_, index) => `l${index}="v"`)}}`, 'has 16 label names; limit 15'],
  ])('%# that are over a limit, or none, refuse their stream', (labels, message) => {
    const streams = [stream(labels, entry(NOW)), stream('{a="b"}', entry(NOW))]
    const { status, text, stored } = push(stateWith(), 'fake', streams, NOW_MS)
    expect({ status, stored: stored.lines }).toEqual({ status: 400, stored: 1 })
    expect(text).toContain(message)
  })
})
