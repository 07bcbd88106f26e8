/**
 * A LogQL string literal: no value can leave its quotes. LogQL reads strings as Go does, and every
 * escape that JSON writes is one of Go's.
 */
export const quoted = (value: string): string => JSON.stringify(value)

/**
 * A text as a label or structured metadata may hold it, with `?` for what a broken encoding leaves: U+FFFD, and half
 * of a surrogate pair, which UTF-8 turns into that. Loki (3.7.6) refuses a label with it, however it is written,
 * and takes structured metadata with it, but then fails each query that finds that (500, "invalid UTF-8 rune").
 */
export const readable = (text: string): string => text.replace(/[\ufffd\p{Surrogate}]/gu, '?')

/** A stream selector, labels in the order given. */
export function selector(labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${quoted(value)}`)
  return `{${matchers.join(', ')}}`
}

/** A LogQL duration from milliseconds: whole, in the largest unit that divides it. */
export function duration(milliseconds: number): string {
  const whole = Math.max(1, Math.ceil(milliseconds))
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const
  for (const [unit, size] of units) if (whole % size === 0) return `${whole / size}${unit}`
  return `${whole}ms`
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const PART = /(\d+)(ms|[smhdw])/gy

/** A duration as LogQL writes it (`90s`, `1h15m`), in ms; undefined for any other text. */
export function durationMs(text: string): number | undefined {
  let total = 0
  let end = 0
  PART.lastIndex = 0
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    total += Number(part[1]) * UNITS[part[2] as keyof typeof UNITS]
    end = PART.lastIndex
  }
  return end === text.length && end > 0 ? total : undefined
}
