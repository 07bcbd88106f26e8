import { type Labels } from '../../logql/source.ts'
import { Refusal } from '../refusal.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const INVALID = '\uFFFD'

/**
 * Structured metadata in the order of its names, and these as Loki makes label names of them; the same object where
 * nothing is to do. Of pairs that come to the same name, one that was changed wins. Throws Refusal (500, as Loki
 * answers) for a name of which nothing is left.
 */
export function tidyMetadata(metadata: Labels | undefined): Labels | undefined {
  if (metadata === undefined) return undefined
  let before = ''
  for (const [name, value] of metadata) {
    if (name < before || !isLabelName(name) || value.includes(INVALID)) return tidied(metadata)
    before = name
  }
  return metadata
}

const isLabelName = (name: string): boolean => NAME.test(name) && !name.includes('__')

function tidied(metadata: Labels): Labels {
  const pairs = Array.from(metadata, ([name, value]) => {
    const pair = [labelName(name), value.replaceAll(INVALID, ' ')] as const
    return { pair, isChanged: pair[0] !== name || pair[1] !== value }
  })
  const inTurn = [
    ...pairs.filter(({ isChanged }) => !isChanged),
    ...pairs.filter(({ isChanged }) => isChanged),
  ]
  return new Map([...new Map(inTurn.map(({ pair }) => pair))].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const RESERVED = /^__(.+)__$/s

/**
 * A label name as the Go package `otlptranslator` makes it: what is no letter and no digit is `_`, once for several
 * side by side, and a first digit has `key_` before it. Names such as `__name__` keep their underscores.
 */
function labelName(name: string): string {
  if (name === '') throw new Refusal(500, 'label name is empty')
  const [, inner] = RESERVED.exec(name) ?? []
  const plain = (inner ?? name).replace(/[^A-Za-z0-9]+/g, '_')
  if (plain === '_')
    throw new Refusal(
      500,
      `normalization for label name ${JSON.stringify(name)} resulted in invalid name "_"`,
    )
  if (inner !== undefined) return `__${plain}__`
  return /^\d/.test(plain) ? `key_${plain}` : plain
}
