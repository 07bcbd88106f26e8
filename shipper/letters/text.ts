/**
 * Text from a record, fit for a terminal: one line, at most `maxCharacters`, and nothing that steers (control
 * characters, and format characters such as those that turn the direction of writing). Pure.
 */
export function shortText(text: string, maxCharacters: number): string {
  const isLonger = text.length > maxCharacters
  // A pair of surrogates that is cut in two is no character.
  const start = text.slice(0, maxCharacters).replace(/[\ud800-\udbff]$/, '')
  const plain = start.replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '�')
  return isLonger ? `${plain}…` : plain
}
