/**
 * A number as Go's `%v` writes it: the fewest digits that stand for it, with an exponent of at least two digits
 * below 1e-4 and from 1e6 on: `0.02`, `1e+06`, `NaN`, `+Inf`. Pure.
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 6) return formatPlainNumber(value)
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

/** A finite number with the fewest digits that stand for it, and never an exponent, as Go's `'f', -1`. Pure. */
export function formatPlainNumber(value: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const sign = mantissa.startsWith('-') || Object.is(value, -0) ? '-' : ''
  const digits = mantissa.replace('-', '').replace('.', '')
  const point = Number(exponent) + 1
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  const whole = digits.slice(0, point).padEnd(point, '0')
  return `${sign}${whole}${digits.length > point ? `.${digits.slice(point)}` : ''}`
}
