import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { lineBytes } from '../../../loki/encode.ts'
import { DEFAULT_LIMITS, type LokiLimits } from '../../../loki/limits.ts'
import { selector } from '../../../loki/logql.ts'
import { fitted, truncated } from '../../../shipper/batch/fit.ts'

const NOW_MS = Date.UTC(2026, 10, 21)
const HOUR_S = 3_600
const entryAt = (agoSeconds: number, line = 'x') => ({
  seconds: NOW_MS / 1_000 - agoSeconds,
  nanos: 0,
  line: Buffer.from(line) as Uint8Array,
})
const held = (
  labels: Record<string, string>,
  entries: ReturnType<typeof entryAt>[],
  limits: Partial<LokiLimits> = {},
  truncate = false,
) => fitted([{ labels: selector(labels), entries }], { ...DEFAULT_LIMITS, ...limits }, truncate, NOW_MS)
const reasons = ({ unfit }: ReturnType<typeof held>) => unfit.map(({ refusal }) => refusal.reason)

describe('what Loki would refuse', () => {
  test('is nothing of an ordinary batch: it is handed on as it is', () => {
    const streams = [{ labels: '{a="b"}', entries: [entryAt(5)] }]
    expect(fitted(streams, DEFAULT_LIMITS, false, NOW_MS)).toEqual({ fit: streams, unfit: [] })
  })

  test('are the lines that are too long, and only those', () => {
    const [short, long] = [entryAt(1, 'x'.repeat(100)), entryAt(2, 'x'.repeat(101))]
    const result = held({ a: 'b' }, [short, long], { maxLineBytes: 100 })
    expect(result.fit).toEqual([{ labels: '{a="b"}', entries: [short] }])
    expect(result.unfit).toEqual([
      {
        entries: [long],
        refusal: {
          reason: 'line_too_long',
          detail: 'the line has 101 bytes; Loki takes 100 (max_line_size)',
        },
      },
    ])
  })

  test('long lines are cut instead when that is wanted', () => {
    const { fit, unfit } = held({ a: 'b' }, [entryAt(1, 'é'.repeat(100))], { maxLineBytes: 64 }, true)
    expect(unfit).toEqual([])
    const [line = Buffer.of()] = fit.flatMap(({ entries }) => entries.map((entry) => entry.line))
    expect(lineBytes(line).toString()).toBe(`${'é'.repeat(18)} [truncated from 200 bytes]`)
  })

  test('a cut line stays in the entry that its record is known by, beside one that is refused', () => {
    const [long, old] = [entryAt(1, 'x'.repeat(101)), entryAt(HOUR_S + 1, 'x'.repeat(101))]
    const { fit, unfit } = held(
      { a: 'b' },
      [long, old],
      { maxLineBytes: 100, maxAgeMs: HOUR_S * 1_000 },
      true,
    )
    expect(fit[0]?.entries[0]).toBe(long)
    expect(long.line).toHaveLength(100)
    expect(unfit.map(({ entries }) => entries)).toEqual([[old]])
    expect(old.line).toHaveLength(101)
  })

  test('are logs that are too old, or of the future', () => {
    const limits = { maxAgeMs: HOUR_S * 1_000, maxAheadMs: 60_000 }
    const entries = [entryAt(HOUR_S + 1), entryAt(HOUR_S - 1), entryAt(-61), entryAt(-59)]
    const result = held({ a: 'b' }, entries, limits)
    expect(reasons(result)).toEqual(['too_old', 'too_new'])
    expect(result.fit[0]?.entries).toEqual([entries[1], entries[3]])
    expect(reasons(held({ a: 'b' }, entries))).toEqual([])
  })

  test('are streams with too many labels, or with too long ones, in bytes', () => {
    expect(reasons(held({ a: '1', b: '2' }, [entryAt(1)], { maxLabels: 1 }))).toEqual(['too_many_labels'])
    const limits = { maxLabelValueBytes: 10 }
    expect(reasons(held({ a: 'é'.repeat(5) }, [entryAt(1)], limits))).toEqual([])
    expect(reasons(held({ a: 'b', b: 'é'.repeat(6) }, [entryAt(1)], limits))).toEqual(['label_too_long'])
    expect(reasons(held({ a: '"\\\n'.repeat(3) }, [entryAt(1)], limits))).toEqual([])
  })
})

test('a cut line is as long as it may be, says how long it was, and ends no character in its middle', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.integer({ min: 40, max: 80 }),
      (text, max) => {
        const line = Buffer.from(text.repeat(100))
        const cut = Buffer.from(truncated(line, max))
        expect(cut.byteLength).toBeLessThanOrEqual(max)
        expect(cut.byteLength).toBeGreaterThan(max - 4)
        expect(cut.toString()).toContain(`[truncated from ${line.byteLength} bytes]`)
        const [beginning = ''] = cut.toString().split(' [truncated from')
        expect(line.toString().startsWith(beginning)).toBe(true)
      },
    ),
  )
})
