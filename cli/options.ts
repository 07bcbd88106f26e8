import { InvalidArgumentError } from 'commander'

/** A positive number as an option's value; commander turns the error into a sentence and exit 2. */
export function positiveNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be a whole number, 0 or above.')
  return value
}

/** An even whole number above 0: half of it is a whole number, too. */
export function evenNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 2 || value % 2 !== 0)
    throw new InvalidArgumentError('It must be an even number, 2 or above.')
  return value
}

/** A port; 0 is any that is free. */
export function portNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('It must be a port, 0 to 65535.')
  return value
}
