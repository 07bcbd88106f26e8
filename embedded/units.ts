const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}
const DURATION_PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdwy])/gy

/**
 * A duration in ms as Go and Prometheus write it (`90s`, `1h30m`, `1.5s`, `7d`, `0`), also a negative one;
 * undefined for any other text.
 */
export function durationMs(text: string): number | undefined {
  if (text === '0') return 0
  const isNegative = text.startsWith('-')
  const digits = isNegative ? text.slice(1) : text
  let total = 0
  let end = 0
  DURATION_PART.lastIndex = 0
  for (let part = DURATION_PART.exec(digits); part !== null; part = DURATION_PART.exec(digits)) {
    total += Number(part[1]) * (DURATION_UNITS_MS[part[2] ?? ''] ?? Number.NaN)
    end = DURATION_PART.lastIndex
  }
  if (end === 0 || end !== digits.length) return undefined
  return isNegative ? -total : total
}

/** A duration as Go writes it: `1h0m0s`, `1m30s`, `250ms`, `0s`. Whole milliseconds. */
export function durationText(ms: number): string {
  const whole = Math.round(Math.abs(ms))
  const sign = ms < 0 ? '-' : ''
  if (whole === 0) return '0s'
  if (whole < 1_000) return `${sign}${whole}ms`
  const hours = Math.floor(whole / 3_600_000)
  const minutes = Math.floor((whole % 3_600_000) / 60_000)
  const seconds = `${(whole % 60_000) / 1_000}s`
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`
}

const KIB = 1_024
const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: KIB,
  KB: KIB,
  M: KIB ** 2,
  MB: KIB ** 2,
  G: KIB ** 3,
  GB: KIB ** 3,
}
const SIZE = /^(\d+(?:\.\d+)?)\s*([KMG]?B?)$/i

/** Bytes of a size as Loki's configuration writes it (`256KB`: units of 1024); undefined for any other text. */
export function sizeBytes(text: string): number | undefined {
  const [, digits, unit] = SIZE.exec(text) ?? []
  const factor = SIZE_UNITS[(unit ?? '').toUpperCase()]
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor
}

/** A size as `sizeBytes` reads it: in the largest unit that divides it, as Loki prints it (`256KB`). */
export function sizeText(bytes: number): string {
  for (const unit of ['GB', 'MB', 'KB']) {
    const factor = SIZE_UNITS[unit] ?? 1
    if (bytes > 0 && bytes % factor === 0) return `${bytes / factor}${unit}`
  }
  return `${bytes}B`
}
