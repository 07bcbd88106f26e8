const SECRET_KEY = /pass(word)?|pwd|secret|token|authorization|credential|(api|private|access)[-_]?key/i

/** What stays of each match, around the secret in it. */
const SECRET_IN_TEXT: readonly [RegExp, string][] = [
  [/(\w+:\/\/[^\s:/@]*:)[^\s/]+(@)/g, '$1***$2'],
  [/((?:Bearer|Basic)\s+)[\w.~+/=-]+/gi, '$1***'],
  [/((?:password|passwd|pwd|secret|token)["']?\s*[=:]\s*(["']))(?:(?!\2).)*/gi, '$1***'],
  [/((?:password|passwd|pwd|secret|token)["']?\s*[=:]\s*)[^\s"',;}]+/gi, '$1***'],
]

/** Deeper than any log of ours; what lies below is not shown, since it was not looked at. */
const MAX_DEPTH = 6

export const isSecretKey = (key: string): boolean => SECRET_KEY.test(key)

/** The same value without its secrets: values of telling keys, and passwords inside texts and URLs. */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === 'string')
    return SECRET_IN_TEXT.reduce((text, [pattern, kept]) => text.replace(pattern, kept), value)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth >= MAX_DEPTH) return '…'
  if (value instanceof Error) return redacted(value.message)
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isSecretKey(key) && item !== undefined ? '***' : redacted(item, depth + 1),
    ]),
  )
}
