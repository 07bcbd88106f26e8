/** A set of characters: ranges of code points, both ends included, ascending and apart from each other. */
export type Characters = readonly (readonly [number, number])[]

const LAST = 0x10ffff

/** The set of all these ranges, in any order, overlapping or not. */
export function charactersOf(ranges: readonly (readonly [number, number])[]): Characters {
  const merged: [number, number][] = []
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high)
    else merged.push([low, high])
  }
  return merged
}

/** All other characters. */
export function negated(characters: Characters): Characters {
  const others: [number, number][] = []
  let next = 0
  for (const [low, high] of characters) {
    if (low > next) others.push([next, low - 1])
    next = high + 1
  }
  if (next <= LAST) others.push([next, LAST])
  return others
}

export const isDisjoint = (a: Characters, b: Characters): boolean =>
  a.every(([low, high]) => b.every(([otherLow, otherHigh]) => high < otherLow || low > otherHigh))

export const ANY: Characters = [[0, LAST]]
export const NO_NEWLINE = negated([[10, 10]])
export const DIGITS: Characters = [[48, 57]]
/** Letters, digits and `_` of ASCII. */
export const WORD: Characters = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]
/** `\s` of RE2: tab, newline, form feed, carriage return, space. JavaScript's has more. */
export const SPACE: Characters = [
  [9, 10],
  [12, 13],
  [32, 32],
]

/**
 * The set with both cases of each letter; undefined when it has other than ASCII characters, whose cases are
 * not known here. The Kelvin sign is a `k` and the long s an `s`.
 */
export function withBothCases(characters: Characters): Characters | undefined {
  if (characters.some(([, high]) => high > 127)) return undefined
  const shifted = (from: number, to: number, shift: number): [number, number][] =>
    characters.flatMap(([low, high]): [number, number][] => {
      const [first, last] = [Math.max(low, from), Math.min(high, to)]
      return first <= last ? [[first + shift, last + shift]] : []
    })
  const both = charactersOf([...characters, ...shifted(97, 122, -32), ...shifted(65, 90, 32)])
  const has = (code: number): boolean => both.some(([low, high]) => low <= code && code <= high)
  return charactersOf([
    ...both,
    ...(has(107) ? [[0x212a, 0x212a] as const] : []),
    ...(has(115) ? [[0x17f, 0x17f] as const] : []),
  ])
}

/** The set as a part of a JavaScript pattern with the flag `u`. */
export function patternOf(characters: Characters): string {
  const code = (value: number): string => `\\u{${value.toString(16)}}`
  const [first] = characters
  if (first === undefined) return '[]'
  if (characters.length === 1 && first[0] === first[1]) return code(first[0])
  return `[${characters.map(([low, high]) => (low === high ? code(low) : `${code(low)}-${code(high)}`)).join('')}]`
}
