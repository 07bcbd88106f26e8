/** When a piece of work has taken long enough. */
export type Pace = { untilMs: number }

/** Less than a server works at a time: a line may take a regular expression, a template or a parser any time. */
const PIECE_MS = 2

export const newPace = (): Pace => ({ untilMs: performance.now() + PIECE_MS })

/** Whether it is time to yield; a new piece then begins. */
export function isTime(pace: Pace): boolean {
  const nowMs = performance.now()
  if (nowMs < pace.untilMs) return false
  pace.untilMs = nowMs + PIECE_MS
  return true
}
