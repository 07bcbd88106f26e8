import { quote } from '../strings.ts'
import { type Flags, pad } from './flags.ts'
import {
  characterOf,
  formatHexText,
  formatInteger,
  formatQuoted,
  formatText,
  formatUnicode,
} from './format.ts'
import { formatFloat } from './format-float.ts'
import { joined } from './limits.ts'
import { stringOf } from './stringer.ts'
import {
  type Integer,
  type List,
  type MapValue,
  type Struct,
  sortedEntries,
  typeOf,
  type Value,
} from './value.ts'

/** One value by a verb (`v`, `d`, …), as Go's fmt writes it; a verb that does not fit gives `%!d(string=a)`. Pure. */
export function valueText(flags: Flags, value: Value, verb: string): string {
  if (value === null) return verb === 'T' || verb === 'v' ? pad(flags, '<nil>') : badVerb(flags, value, verb)
  if (verb === 'T') return formatText(flags, typeOf(value))
  return nestedText(flags, value, verb)
}

const TEXT_VERBS = 'vsxXq'

function nestedText(flags: Flags, value: Value, verb: string): string {
  if (value === null) return flags.sharpV ? 'interface {}(nil)' : '<nil>'
  switch (typeof value) {
    case 'string':
      return stringText(flags, value, verb)
    case 'number':
      return numberText(flags, value, verb)
    case 'boolean':
      return verb === 't' || verb === 'v' ? pad(flags, String(value)) : badVerb(flags, value, verb)
  }
  const hasText = TEXT_VERBS.includes(verb) && !flags.sharpV && !flags.isWrong
  const text = hasText ? stringOf(value) : undefined
  if (text !== undefined) return stringText(flags, text, verb)
  switch (value.kind) {
    case 'integer':
      return integerText(flags, value, verb)
    case 'list':
      return listText(flags, value, verb)
    case 'map':
      return mapText(flags, value, verb)
    case 'struct':
      return structText(flags, value, verb)
    case 'time':
    case 'location':
      // Go shows the private fields of its struct here; the time is more useful.
      return formatText(flags, stringOf(value) ?? '')
  }
}

function badVerb(flags: Flags, value: Value, verb: string): string {
  if (value === null) return `%!${verb}(<nil>)`
  return `%!${verb}(${typeOf(value)}=${valueText({ ...flags, isWrong: true }, value, 'v')})`
}

function stringText(flags: Flags, text: string, verb: string): string {
  switch (verb) {
    case 'v':
      return flags.sharpV ? formatQuoted(flags, text) : formatText(flags, text)
    case 's':
      return formatText(flags, text)
    case 'q':
      return formatQuoted(flags, text)
    case 'x':
    case 'X':
      return formatHexText(flags, text, verb === 'X')
    default:
      return badVerb(flags, text, verb)
  }
}

function numberText(flags: Flags, value: number, verb: string): string {
  switch (verb) {
    case 'v':
      return formatFloat(flags, value, 'g', -1)
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
      return formatFloat(flags, value, verb, -1)
    case 'f':
    case 'e':
    case 'E':
      return formatFloat(flags, value, verb, 6)
    case 'F':
      return formatFloat(flags, value, 'f', 6)
    default:
      return badVerb(flags, value, verb)
  }
}

function integerText(flags: Flags, integer: Integer, verb: string): string {
  const { value } = integer
  switch (verb) {
    case 'v':
      if (!flags.sharpV || integer.type !== 'uint8') return formatInteger(flags, value, 10, verb)
      return formatInteger({ ...flags, sharp: true }, value, 16, verb)
    case 'd':
      return formatInteger(flags, value, 10, verb)
    case 'b':
      return formatInteger(flags, value, 2, verb)
    case 'o':
    case 'O':
      return formatInteger(flags, value, 8, verb)
    case 'x':
    case 'X':
      return formatInteger(flags, value, 16, verb)
    case 'c':
      return pad(flags, characterOf(value))
    case 'q':
      return pad(flags, quote(characterOf(value), "'", flags.plus))
    case 'U':
      return formatUnicode(flags, value)
    default:
      return badVerb(flags, integer, verb)
  }
}

function* eachText(flags: Flags, items: Iterable<Value>, verb: string): Iterable<string> {
  for (const item of items) yield nestedText(flags, item, verb)
}

const listText = (flags: Flags, { type, items }: List, verb: string): string =>
  flags.sharpV
    ? joined(eachText(flags, items, verb), `${type}{`, ', ', '}')
    : joined(eachText(flags, items, verb), '[', ' ', ']')

function* entryTexts(flags: Flags, map: MapValue, verb: string): Iterable<string> {
  for (const [key, value] of sortedEntries(map)) {
    yield `${stringText(flags, key, verb)}:${nestedText(flags, value, verb)}`
  }
}

const mapText = (flags: Flags, map: MapValue, verb: string): string =>
  flags.sharpV
    ? joined(entryTexts(flags, map, verb), `${map.type}{`, ', ', '}')
    : joined(entryTexts(flags, map, verb), 'map[', ' ', ']')

function* fieldTexts(flags: Flags, { fields }: Struct, verb: string): Iterable<string> {
  const isNamed = flags.plusV || flags.sharpV
  for (const [name, value] of fields) yield (isNamed ? `${name}:` : '') + nestedText(flags, value, verb)
}

/** A struct or a pointer to one. */
function structText(flags: Flags, struct: Struct, verb: string): string {
  const isPointer = struct.type.startsWith('*')
  const name = flags.sharpV ? struct.type.replace(/^\*/, '') : ''
  const texts = fieldTexts(flags, struct, verb)
  return joined(texts, `${isPointer ? '&' : ''}${name}{`, flags.sharpV ? ', ' : ' ', '}')
}
