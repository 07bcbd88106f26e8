/** Which times replayed logs get. */
export const TIME_MODES = ['shift', 'original', 'now'] as const
export type TimeMode = (typeof TIME_MODES)[number]

/** The end that a log is written with; `nowMs` is when that happens. */
export type NewEnd = (endMs: number, nowMs: number) => number

/**
 * `shift`: the newest log (end at `newestMs`) ends at `startMs`, spacing kept; `original`: as they
 * are; `now`: each ends when it is sent. Pure.
 */
export function newEnd(mode: TimeMode, newestMs: number, startMs: number): NewEnd {
  if (mode === 'original') return (endMs) => endMs
  if (mode === 'now') return (_endMs, nowMs) => nowMs
  return (endMs) => endMs + startMs - newestMs
}

/** How fast logs are sent: at most `ratePerSecond`, or their own spacing divided by `speed`. */
export type Pace = { ratePerSecond?: number | undefined; speed?: number | undefined }

/**
 * When a log is due, in ms after the start of the replay: `index` counts from 0, `sinceFirstMs` is
 * how long after the first log it ended. Pure.
 */
export function dueMs(pace: Pace, index: number, sinceFirstMs: number): number {
  const byRate = pace.ratePerSecond === undefined ? 0 : (index * 1000) / pace.ratePerSecond
  const bySpeed = pace.speed === undefined ? 0 : sinceFirstMs / pace.speed
  return Math.max(byRate, bySpeed)
}
