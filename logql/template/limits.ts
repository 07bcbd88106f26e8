import { LogqlError } from '../error.ts'

/** The longest text that a template may make or hold, in UTF-16 units: 1 MiB, more than any line that Loki takes. */
export const MAX_TEXT = 1 << 20

/** How much one execution may do: a step is a statement, a call, or 64 characters handled. About 20 ms. */
export const MAX_STEPS = 500_000

/** Refuses a text of that length before it is made. */
export function checkLength(length: number): void {
  if (length > MAX_TEXT) {
    throw new LogqlError('limit', `the template makes a text of more than ${MAX_TEXT} characters`)
  }
}

/** Text repeated, where Go repeats without a limit. */
export function repeated(text: string, count: number): string {
  checkLength(text.length * count)
  return text.repeat(count)
}

/** All occurrences replaced (an empty one stands between any two characters), at most `limit`; none for -1. */
export function replaced(text: string, old: string, replacement: string, limit = -1): string {
  if (limit === 0 || old === replacement) return text
  const parts = old === '' ? betweenCharacters(text) : text.split(old)
  const count = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1)
  checkLength(text.length + count * (replacement.length - old.length))
  return (
    parts.slice(0, count).join(replacement) + (count > 0 ? replacement : '') + parts.slice(count).join(old)
  )
}

const betweenCharacters = (text: string): string[] => ['', ...text, '']

/** Texts in a row, between brackets. */
export function joined(texts: Iterable<string>, open: string, separator: string, close: string): string {
  let result = open
  let between = ''
  for (const text of texts) {
    checkLength(result.length + text.length)
    result += between + text
    between = separator
  }
  return result + close
}
