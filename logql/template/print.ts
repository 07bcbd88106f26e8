import {
  characterOf,
  newPrinter,
  type Printer,
  pad,
  put,
  putFloat,
  putHexText,
  putInteger,
  putQuoted,
  putText,
  putUnicode,
} from './printer.ts'
import { quoted } from './quote.ts'
import { stringOf } from './stringer.ts'
import { type Integer, type List, type MapValue, sortedEntries, type Struct, typeOf, type Value } from './value.ts'

/** Formats one value by a verb (`v`, `d`, …), as Go's fmt does; a verb that does not fit gives `%!d(string=a)`. */
export function putValue(printer: Printer, value: Value, verb: string): void {
  if (value === null) return verb === 'T' || verb === 'v' ? pad(printer, '<nil>') : badVerb(printer, value, verb)
  if (verb === 'T') return putText(printer, typeOf(value))
  putNested(printer, value, verb)
}

const TEXT_VERBS = 'vsxXq'

function putNested(printer: Printer, value: Value, verb: string): void {
  if (value === null) return put(printer, printer.sharpV ? 'interface {}(nil)' : '<nil>')
  switch (typeof value) {
    case 'string':
      return putString(printer, value, verb)
    case 'number':
      return putNumber(printer, value, verb)
    case 'boolean':
      return verb === 't' || verb === 'v' ? pad(printer, String(value)) : badVerb(printer, value, verb)
  }
  const hasText = TEXT_VERBS.includes(verb) && !printer.sharpV && !printer.isWrong
  const text = hasText ? stringOf(value) : undefined
  if (text !== undefined) return putString(printer, text, verb)
  switch (value.kind) {
    case 'integer':
      return putIntegerBy(printer, value, verb)
    case 'list':
      return putList(printer, value, verb)
    case 'map':
      return putMap(printer, value, verb)
    case 'struct':
      return putStruct(printer, value, verb)
    case 'time':
      // Go shows the fields of its own struct here; the time says more.
      return putText(printer, stringOf(value) ?? '')
  }
}

function badVerb(printer: Printer, value: Value, verb: string): void {
  if (value === null) return put(printer, `%!${verb}(<nil>)`)
  put(printer, `%!${verb}(${typeOf(value)}=`)
  printer.isWrong = true
  putValue(printer, value, 'v')
  printer.isWrong = false
  put(printer, ')')
}

function putString(printer: Printer, text: string, verb: string): void {
  switch (verb) {
    case 'v':
      return printer.sharpV ? putQuoted(printer, text) : putText(printer, text)
    case 's':
      return putText(printer, text)
    case 'q':
      return putQuoted(printer, text)
    case 'x':
    case 'X':
      return putHexText(printer, text, verb === 'X')
    default:
      return badVerb(printer, text, verb)
  }
}

function putNumber(printer: Printer, value: number, verb: string): void {
  switch (verb) {
    case 'v':
      return putFloat(printer, value, 'g', -1)
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
      return putFloat(printer, value, verb, -1)
    case 'f':
    case 'e':
    case 'E':
      return putFloat(printer, value, verb, 6)
    case 'F':
      return putFloat(printer, value, 'f', 6)
    default:
      return badVerb(printer, value, verb)
  }
}

function putIntegerBy(printer: Printer, integer: Integer, verb: string): void {
  const { value } = integer
  switch (verb) {
    case 'v':
      if (!printer.sharpV || integer.type !== 'uint8') return putInteger(printer, value, 10, verb)
      return putInteger({ ...printer, sharp: true }, value, 16, verb)
    case 'd':
      return putInteger(printer, value, 10, verb)
    case 'b':
      return putInteger(printer, value, 2, verb)
    case 'o':
    case 'O':
      return putInteger(printer, value, 8, verb)
    case 'x':
    case 'X':
      return putInteger(printer, value, 16, verb)
    case 'c':
      return pad(printer, characterOf(value))
    case 'q':
      return pad(printer, quoted(characterOf(value), "'", printer.plus))
    case 'U':
      return putUnicode(printer, value)
    default:
      return badVerb(printer, integer, verb)
  }
}

function putList(printer: Printer, { type, items }: List, verb: string): void {
  put(printer, printer.sharpV ? `${type}{` : '[')
  items.forEach((item, index) => {
    if (index > 0) put(printer, printer.sharpV ? ', ' : ' ')
    putNested(printer, item, verb)
  })
  put(printer, printer.sharpV ? '}' : ']')
}

function putMap(printer: Printer, map: MapValue, verb: string): void {
  put(printer, printer.sharpV ? `${map.type}{` : 'map[')
  sortedEntries(map).forEach(([key, value], index) => {
    if (index > 0) put(printer, printer.sharpV ? ', ' : ' ')
    putString(printer, key, verb)
    put(printer, ':')
    putNested(printer, value, verb)
  })
  put(printer, printer.sharpV ? '}' : ']')
}

/** A struct, perhaps behind a pointer. */
function putStruct(printer: Printer, { type, fields }: Struct, verb: string): void {
  if (type.startsWith('*')) put(printer, '&')
  put(printer, printer.sharpV ? `${type.replace(/^\*/, '')}{` : '{')
  let index = 0
  for (const [name, value] of fields) {
    if (index > 0) put(printer, printer.sharpV ? ', ' : ' ')
    if (printer.plusV || printer.sharpV) put(printer, `${name}:`)
    putNested(printer, value, verb)
    index += 1
  }
  put(printer, '}')
}

/** A value as `{{ }}` writes it. */
export function print(value: Value): string {
  if (typeof value === 'string') return value
  return value === null ? '<no value>' : sprint([value])
}

/** `fmt.Sprint`: a space between two values of which none is a text. */
export function sprint(values: readonly Value[]): string {
  const printer = newPrinter()
  values.forEach((value, index) => {
    const isBetween = index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string'
    if (isBetween) put(printer, ' ')
    putValue(printer, value, 'v')
  })
  return printer.out
}

/** `fmt.Sprintln`: spaces between all values, and a line feed at the end. */
export function sprintln(values: readonly Value[]): string {
  const printer = newPrinter()
  values.forEach((value, index) => {
    if (index > 0) put(printer, ' ')
    putValue(printer, value, 'v')
  })
  put(printer, '\n')
  return printer.out
}
