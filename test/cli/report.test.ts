import { describe, expect, test } from '@jest/globals'
import { type Report, rejectedLines, reportTable } from '../../cli/report.ts'

const report: Report = {
  ...{ read: 72, sent: 72, rejected: 0, rejectedBy: {}, stored: 72, successes: 71, failures: 1 },
  ...{ failureRate: 1 / 72, p95DurationSeconds: 42.1259, othersInWindow: 0 },
  ...{ windowStart: '2026-11-20T11:00:00.000Z', windowEnd: '2026-11-21T11:00:00.000Z', elapsedSeconds: 3.2 },
  answeredBy: null,
  notice: null,
  detection: null,
}
const window = { fromMs: Date.UTC(2026, 10, 20, 11), toMs: Date.UTC(2026, 10, 21, 11) }
/** Golden texts here have plain spaces; the table groups digits with the narrow one. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ')

describe('the table', () => {
  test('of the sample', () => {
    expect(reportTable(report, window)).toBe(
      `
┌─────────────────────┬───────────────────────────────────────────┐
│ Runs stored in Loki │                             72 of 72 sent │
│ Successes           │                                        71 │
│ Failures            │                                         1 │
│ Failure rate        │                                    1.39 % │
│ p95 duration        │                                   42.13 s │
│ Runs ended (UTC)    │ 2026-11-20 11:00:00 → 2026-11-21 11:00:00 │
│ Took                │                                     3.2 s │
└─────────────────────┴───────────────────────────────────────────┘`.trim(),
    )
  })

  test('says which Loki answered, where that says so', () => {
    expect(
      reportTable({ ...report, answeredBy: 'embedded store' }, window)
        .split('\n')
        .slice(-3),
    ).toEqual([
      '│ Took                │                                     3.2 s │',
      '│ Answered by         │                            embedded store │',
      '└─────────────────────┴───────────────────────────────────────────┘',
    ])
  })

  test('of a million, beside others', () => {
    const many = { sent: 1_000_000, stored: 1_000_000, successes: 986_000, failures: 14_000 }
    const table = reportTable({ ...report, ...many, failureRate: 0.014, othersInWindow: 1_234 }, undefined)
    expect(plain(table)).toBe(
      `
┌─────────────────────┬─────────────────────────────┐
│ Runs stored in Loki │ 1 000 000 of 1 000 000 sent │
│ Successes           │                     986 000 │
│ Failures            │                      14 000 │
│ Failure rate        │                       1.4 % │
│ p95 duration        │                     42.13 s │
│ Took                │                       3.2 s │
└─────────────────────┴─────────────────────────────┘
Loki held 1 234 other logs in that time already: the p95 counts them too.`.trim(),
    )
  })

  test('of nothing', () => {
    const none = {
      sent: 0,
      stored: 0,
      successes: 0,
      failures: 0,
      failureRate: null,
      p95DurationSeconds: null,
    }
    expect(reportTable({ ...report, ...none, elapsedSeconds: 0 }, undefined)).toBe(
      `
┌─────────────────────┬─────────────┐
│ Runs stored in Loki │ 0 of 0 sent │
│ Successes           │           0 │
│ Failures            │           0 │
│ Failure rate        │     no runs │
│ p95 duration        │     no runs │
│ Took                │         0 s │
└─────────────────────┴─────────────┘`.trim(),
    )
  })

  test('a rate of zero is a rate', () => {
    expect(reportTable({ ...report, failureRate: 0 }, undefined)).toMatch(/Failure rate +│ +0 %/)
  })
})

test('runs without a p95 are told from no runs', () => {
  const table = reportTable({ ...report, p95DurationSeconds: null }, undefined)
  expect(table).toMatch(/p95 duration +│ +longer than Loki may look back │/)
})

describe('the rejected records', () => {
  test('are not mentioned when there are none', () => {
    expect(rejectedLines(report, 'rejected')).toEqual([])
  })

  test('are counted by reason, the most frequent first', () => {
    const rejectedBy = { not_json: 2, bad_time: 12_345, unknown_state: 10 }
    const lines = rejectedLines({ ...report, read: 20_000, rejected: 12_357, rejectedBy }, 'rejected')
    expect(lines.map(plain)).toEqual([
      '12 357 of 20 000 records were rejected; they are on the topic rejected:',
      '     12 345  bad_time: has a time that is not RFC 3339',
      '         10  unknown_state: has a state that is neither SUCCESS nor FAILED',
      '          2  not_json: is not valid JSON',
    ])
  })
})
