const DECIMAL_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const

/** What one unit of a size is in bytes, by its name in lower case. */
export const BYTES_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ...['k', 'm', 'g', 't', 'p', 'e'].flatMap((letter, index): [string, number][] => {
    const decimal = 1000 ** (index + 1)
    const binary = 1024 ** (index + 1)
    return [
      [letter, decimal],
      [`${letter}b`, decimal],
      [`${letter}i`, binary],
      [`${letter}ib`, binary],
    ]
  }),
])

/**
 * A size as the Go package `humanize` writes it (`Bytes`): in powers of 1000, with one digit after the point
 * below ten: `1.0MB`, `100MB`, `82kB`. Pure.
 */
export function formatSize(bytes: number): string {
  if (bytes < 10) return `${bytes}B`
  let power = Math.min(DECIMAL_UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1000)))
  // The logarithm of a power of 1000 may come out a little below its whole number.
  if (power + 1 < DECIMAL_UNITS.length && bytes >= 1000 ** (power + 1)) power += 1
  const value = Math.floor((bytes / 1000 ** power) * 10 + 0.5) / 10
  return `${value < 10 ? value.toFixed(1) : halfToEven(value)}${DECIMAL_UNITS[power] ?? ''}`
}

/** A number with no digits after the point, as Go's `%.0f` writes it. */
const halfToEven = (value: number): number => {
  const floor = Math.floor(value)
  return value - floor === 0.5 && floor % 2 === 0 ? floor : Math.round(value)
}
