import { decodeBase64 } from './base64.ts'
import { byteLength, sliceBytes } from './bytes.ts'
import {
  toLower,
  toTitle,
  toUpper,
  trimBoth,
  trimLeft,
  trimPrefix,
  trimRight,
  trimSpace,
  trimSuffix,
} from './characters.ts'
import { queryEscape } from './escape.ts'
import { fail, fixed, type TemplateFunction } from './function.ts'
import { repeated, replaced } from './limits.ts'
import { type Integer } from './value.ts'

const count = ({ value }: Integer): number => Number(value)

/** Go's slice of a text by bytes; what lies outside is an error. */
function sliced(text: string, start: number, end: number): string {
  const length = byteLength(text)
  const outside = (bounds: string): never => fail(`runtime error: slice bounds out of range ${bounds}`)
  if (end < 0) return outside(`[:${end}]`)
  if (end > length) return outside(`[:${end}] with length ${length}`)
  if (start > end) return outside(`[${start}:${end}]`)
  return sliceBytes(text, start, end)
}

function truncate(size: number, text: string): string {
  const length = byteLength(text)
  if (size < 0 && length + size > 0) return sliceBytes(text, length + size, length)
  return size >= 0 && length > size ? sliceBytes(text, 0, size) : text
}

/** Sprig's `substr`: a negative start is the beginning, an end outside the text is its end. */
function substring(start: number, end: number, text: string): string {
  if (start < 0) return sliced(text, 0, end)
  const length = byteLength(text)
  if (end >= 0 && end <= length) return sliced(text, start, end)
  return start > length
    ? fail(`runtime error: slice bounds out of range [${start}:${length}]`)
    : sliced(text, start, length)
}

function repeat(times: number, text: string): string {
  return times < 0 ? fail('strings: negative Repeat count') : repeated(text, times)
}

function indent(spaces: number, text: string): string {
  const padding = repeat(spaces, ' ')
  return padding + replaced(text, '\n', `\n${padding}`)
}

/** A text of exactly that many characters: filled with spaces, or cut at the side of the spaces. */
function align(width: number, text: string, side: 'left' | 'right'): string {
  const characters = [...text]
  if (width < 0 || width === characters.length) return text
  if (width < characters.length) {
    return (side === 'left' ? characters.slice(0, width) : characters.slice(characters.length - width)).join(
      '',
    )
  }
  const padding = repeated(' ', width - characters.length)
  return side === 'left' ? text + padding : padding + text
}

function decodeUrl(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  const wrong = /%(?![\da-fA-F]{2}).{0,2}/su.exec(spaced)
  if (wrong !== null) return fail(`invalid URL escape ${JSON.stringify(wrong[0])}`)
  const bytes = spaced.replace(/%([\da-fA-F]{2})|[^\0-\x7f]/gu, (found, pair: string | undefined) =>
    pair === undefined
      ? Buffer.from(found).toString('latin1')
      : String.fromCharCode(Number.parseInt(pair, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString()
}

/** Loki's functions of texts: Go's with its order of arguments, and sprig's, which take the text last. */
export const TEXT_FUNCTIONS: ReadonlyMap<string, TemplateFunction<unknown>> = new Map([
  ['ToLower', fixed(['string'], toLower)],
  ['ToUpper', fixed(['string'], toUpper)],
  [
    'Replace',
    fixed(['string', 'string', 'string', 'int'], (text, old, by, limit) =>
      replaced(text, old, by, count(limit)),
    ),
  ],
  ['Trim', fixed(['string', 'string'], trimBoth)],
  ['TrimLeft', fixed(['string', 'string'], trimLeft)],
  ['TrimRight', fixed(['string', 'string'], trimRight)],
  ['TrimPrefix', fixed(['string', 'string'], trimPrefix)],
  ['TrimSuffix', fixed(['string', 'string'], trimSuffix)],
  ['TrimSpace', fixed(['string'], trimSpace)],
  ['lower', fixed(['string'], toLower)],
  ['upper', fixed(['string'], toUpper)],
  ['title', fixed(['string'], toTitle)],
  ['trim', fixed(['string'], trimSpace)],
  ['trimAll', fixed(['string', 'string'], (cutset, text) => trimBoth(text, cutset))],
  ['trimSuffix', fixed(['string', 'string'], (suffix, text) => trimSuffix(text, suffix))],
  ['trimPrefix', fixed(['string', 'string'], (prefix, text) => trimPrefix(text, prefix))],
  ['contains', fixed(['string', 'string'], (part, text) => text.includes(part))],
  ['hasPrefix', fixed(['string', 'string'], (prefix, text) => text.startsWith(prefix))],
  ['hasSuffix', fixed(['string', 'string'], (suffix, text) => text.endsWith(suffix))],
  ['replace', fixed(['string', 'string', 'string'], (old, by, text) => replaced(text, old, by))],
  ['repeat', fixed(['int', 'string'], (times, text) => repeat(count(times), text))],
  ['indent', fixed(['int', 'string'], (spaces, text) => indent(count(spaces), text))],
  ['nindent', fixed(['int', 'string'], (spaces, text) => `\n${indent(count(spaces), text)}`)],
  ['trunc', fixed(['int', 'string'], (size, text) => truncate(count(size), text))],
  [
    'substr',
    fixed(['int', 'int', 'string'], (start, end, text) => substring(count(start), count(end), text)),
  ],
  ['alignLeft', fixed(['int', 'string'], (width, text) => align(count(width), text, 'left'))],
  ['alignRight', fixed(['int', 'string'], (width, text) => align(count(width), text, 'right'))],
  ['urlencode', fixed(['string'], queryEscape)],
  ['urldecode', fixed(['string'], decodeUrl)],
  ['b64enc', fixed(['string'], (text) => Buffer.from(text).toString('base64'))],
  ['b64dec', fixed(['string'], decodeBase64)],
])
