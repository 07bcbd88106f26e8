import { expect, test } from '@jest/globals'
import { measurementsTable } from '../../bench/table.ts'

const measurement = {
  what: 'vigie ship → Loki',
  seconds: 3,
  messagesPerSecond: 166_666.67,
  cpuMicrosecondsPerMessage: 2.345,
  cpuWithStartMicrosecondsPerMessage: null,
  peakMegabytes: 150.4,
}

test('shows measurements over the targets, in columns, and a dash for what the system does not tell', () => {
  const report = {
    messages: 500_000,
    bytes: 113_500_000,
    partitions: 3,
    stored: 500_000,
    measurements: [measurement],
  }
  expect(measurementsTable(report).replaceAll('\u202f', ' ').split('\n')).toEqual([
    '500 000 logs of 227 bytes in 3 partitions',
    '',
    '                       msg/s  CPU µs/msg  with start  peak MB',
    'vigie ship → Loki    166 667        2.35           –      150',
    'target             ≥ 138 000                   ≤ 3.8    ≤ 200',
    'Loki counts 500 000 of 500 000.',
  ])
})

test('says nothing of Loki when there was none', () => {
  const report = { messages: 10, bytes: 2_270, partitions: 12, stored: null, measurements: [] }
  expect(measurementsTable(report)).not.toContain('Loki')
})
