import { formatGoDuration, parseLogqlDuration } from '../logql/durations.ts'

/** A duration in ms as Go or Prometheus write it (`90s`, `1h30m`, `1.5s`, `7d`, `0`); undefined for any other text. */
export function durationMs(text: string): number | undefined {
  const duration = parseLogqlDuration(text)
  return 'ns' in duration ? Number(duration.ns) / 1e6 : undefined
}

/** A duration of whole milliseconds as Go writes it: `1h0m0s`, `250ms`, `0s`. */
export const durationText = (ms: number): string => formatGoDuration(BigInt(Math.round(ms)) * 1_000_000n)

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
