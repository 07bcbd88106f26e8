import { REJECT_REASONS, type RejectReason } from '../log/line.ts'
import { type Detection } from './detection.ts'
import { grouped } from './progress-bar.ts'
import { type Window } from './stored.ts'

/** What `vigie replay` found out; the object that --json prints. */
export type Report = {
  read: number
  sent: number
  rejected: number
  rejectedBy: Partial<Record<RejectReason, number>>
  stored: number
  successes: number
  failures: number
  failureRate: number | null
  p95DurationSeconds: number | null
  /** Lines that were in the window before this replay; p95 is over those too. */
  othersInWindow: number
  windowStart: string | null
  windowEnd: string | null
  elapsedSeconds: number
  /** Which Loki the numbers are from; null when it does not say. */
  answeredBy: string | null
  /** What could not be done here, and how to get what it needs; null when all could. */
  notice: string | null
  /** How the newest failure was noticed; null where the alerts are not ours to watch, or nothing failed lately. */
  detection: Detection | null
}

const percent = (ratio: number | null): string =>
  ratio === null ? 'no runs' : `${(ratio * 100).toLocaleString('en', { maximumFractionDigits: 2 })} %`
const seconds = (value: number | null): string =>
  value === null ? 'no runs' : `${value.toLocaleString('en', { maximumFractionDigits: 2 })} s`
const p95 = ({ p95DurationSeconds, stored }: Report): string =>
  p95DurationSeconds === null && stored > 0 ? 'longer than Loki may look back' : seconds(p95DurationSeconds)
const shortTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')

/** The table for people. */
export function reportTable(report: Report, window: Window | undefined): string {
  const rows: [string, string][] = [
    ['Runs stored in Loki', `${grouped(report.stored)} of ${grouped(report.sent)} sent`],
    ['Successes', grouped(report.successes)],
    ['Failures', grouped(report.failures)],
    ['Failure rate', percent(report.failureRate)],
    ['p95 duration', p95(report)],
  ]
  if (window !== undefined)
    rows.push(['Runs ended (UTC)', `${shortTime(window.fromMs)} → ${shortTime(window.toMs)}`])
  rows.push(['Took', seconds(report.elapsedSeconds)])
  if (report.answeredBy !== null) rows.push(['Answered by', report.answeredBy])
  const [left, right] = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const rule = (start: string, middle: string, end: string) =>
    `${start}${'─'.repeat((left ?? 0) + 2)}${middle}${'─'.repeat((right ?? 0) + 2)}${end}`
  const body = rows.map(([name, value]) => `│ ${name.padEnd(left ?? 0)} │ ${value.padStart(right ?? 0)} │`)
  const lines = [rule('┌', '┬', '┐'), ...body, rule('└', '┴', '┘')]
  if (report.othersInWindow > 0)
    lines.push(
      `Loki held ${grouped(report.othersInWindow)} other logs in that time already: the p95 counts them too.`,
    )
  return lines.join('\n')
}

/** One line per reason, most frequent first. */
export function rejectedLines(report: Report, topic: string): string[] {
  if (report.rejected === 0) return []
  const reasons = Object.entries(report.rejectedBy).sort(([, a], [, b]) => b - a)
  return [
    `${grouped(report.rejected)} of ${grouped(report.read)} records were rejected; they are on the topic ${topic}:`,
    ...reasons.map(
      ([reason, count]) =>
        `  ${grouped(count).padStart(9)}  ${reason}: ${REJECT_REASONS[reason as RejectReason]}`,
    ),
  ]
}
