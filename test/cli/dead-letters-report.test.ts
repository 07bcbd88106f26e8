import { describe, expect, test } from '@jest/globals'
import { purgeText, retryText, summaryText } from '../../cli/dead-letters-report.ts'
import { type Settlement } from '../../shipper/letters/settle.ts'
import { type Shown } from '../../shipper/letters/summary.ts'

const shown: Shown = {
  written: '2026-11-21T11:08:57.123Z',
  reason: 'bad_request',
  detail: 'HTTP 400: entry too far behind',
  topic: 'ingestion-logs',
  partition: '2',
  offset: '41',
  sizeBytes: 1_219,
  copies: 1,
  line: '{"debut":"…',
}
const settlement = (some: Partial<Settlement> = {}): Settlement => ({
  settled: 0,
  byTopic: new Map(),
  copies: 0,
  staying: new Map(),
  cut: 0,
  ...some,
})
const asked = { reason: undefined, dryRun: false }

describe('list', () => {
  test('says so when nothing waits', () => {
    expect(summaryText({ letters: 0, copies: 0, byReason: new Map(), newest: [] })).toBe(
      'No dead letter waits.',
    )
    expect(summaryText({ letters: 0, copies: 0, byReason: new Map(), newest: [] }, 'x')).toBe(
      'No dead letter with the reason x waits.',
    )
  })

  test('tells how many by reason, most frequent first, then the newest', () => {
    const byReason = new Map([
      ['too_large', 1],
      ['bad_request', 11],
    ])
    expect(summaryText({ letters: 12, copies: 1, byReason, newest: [shown] })).toBe(
      [
        '12 dead letters wait on ingestion-logs-dead-letters:',
        '         11  bad_request',
        '          1  too_large',
        '1 more record is a copy, as a crash of the shipper leaves: each letter counts, and is sent, once.',
        '',
        '2026-11-21 11:08:57  bad_request  1\u202f219 bytes  ingestion-logs, partition 2, offset 41  (copies: 1)',
        '    Loki  HTTP 400: entry too far behind',
        '    line  {"debut":"…',
        '',
        'These are the newest 1; --limit shows more.',
      ].join('\n'),
    )
  })

  test('one letter is one; all that is shown is no part', () => {
    const text = summaryText({
      letters: 1,
      copies: 0,
      byReason: new Map([['bad_request', 1]]),
      newest: [shown],
    })
    expect(text).toMatch(/^1 dead letter waits on/)
    expect(text).not.toContain('--limit')
    expect(
      summaryText({
        letters: 1,
        copies: 0,
        byReason: new Map([['x', 1]]),
        newest: [{ ...shown, topic: null }],
      }),
    ).toContain('from an unknown topic')
  })
})

describe('retry', () => {
  test('says what was sent where, what was left out, and what stays', () => {
    const byTopic = new Map([
      ['b', 1],
      ['a', 2_000],
    ])
    const staying = new Map([
      ['gone', 2],
      ['', 1],
    ])
    expect(retryText(settlement({ settled: 2_001, byTopic, copies: 3, staying }), asked)).toBe(
      [
        'Sent 2\u202f001 dead letters again, to:',
        '      2\u202f000  a',
        '          1  b',
        '3 more records are copies, as a crash of the shipper leaves: each letter counts, and is sent, once.',
        '2 dead letters stay: the topic gone does not exist.',
        '1 dead letter stays: no header says where from.',
      ].join('\n'),
    )
  })

  test('a dry run would', () => {
    const text = retryText(settlement({ settled: 1, byTopic: new Map([['a', 1]]) }), {
      reason: 'x',
      dryRun: true,
    })
    expect(text).toMatch(/^Would send 1 dead letter with the reason x again, to:/)
  })

  test('says so when nothing waits, and when all that waits stays', () => {
    expect(retryText(settlement(), asked)).toBe('No dead letter waits.')
    expect(retryText(settlement({ staying: new Map([['gone\u001b', 1]]) }), asked)).toBe(
      'Sent 0 dead letters again.\n1 dead letter stays: the topic gone� does not exist.',
    )
    expect(retryText(settlement({ cut: 2 }), asked)).toBe(
      'Sent 0 dead letters again.\n2 dead letters stay: only the beginning of the record fits the topic.',
    )
  })
})

test('purge says how many', () => {
  expect(purgeText(settlement({ settled: 2 }), undefined)).toBe('Purged 2 dead letters.')
  expect(purgeText(settlement({ settled: 1 }), 'x')).toBe('Purged 1 dead letter with the reason x.')
  expect(purgeText(settlement(), undefined)).toBe('No dead letter waits.')
})
