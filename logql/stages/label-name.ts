const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90)

/**
 * A label name made of a key: white space around it is cut off, and every character that is not an ASCII
 * letter, a digit or `_` becomes `_`. A first digit gets a `_` before it, unless the name is put behind
 * another (`isContinued`). '' when nothing is left.
 */
export function labelName(key: string, isContinued = false): string {
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at)
    const isPlain = isLetter(code) || code === 95 || (isDigit(code) && (at > 0 || isContinued))
    if (!isPlain) return replaced(key, isContinued)
  }
  return key
}

function replaced(key: string, isContinued: boolean): string {
  const name = key.trim().replace(/[^A-Za-z0-9_]/gu, '_')
  return isContinued || name === '' || !isDigit(name.charCodeAt(0)) ? name : `_${name}`
}
