import { unquote } from '../strings.ts'
import { parseNumberLiteral } from './literals.ts'
import { type CommandNode, nodeText, type Operand, type PipelineNode, type VariableNode } from './nodes.ts'
import {
  declare,
  nested,
  peek,
  peekSkippingSpace,
  type Reader,
  refuse,
  take,
  takeSkippingSpace,
  unexpected,
} from './reader.ts'
import { type Token } from './token.ts'

/** What a pipeline belongs to, in the words of error messages. */
export type PipelineContext =
  | 'command'
  | 'if'
  | 'range'
  | 'with'
  | 'block clause'
  | 'template clause'
  | 'parenthesized pipeline'

/** Reads a pipeline with its declarations, up to and with the token that ends it. */
export function parsePipeline(reader: Reader, context: PipelineContext, end: 'right' | ')'): PipelineNode {
  const { at } = peekSkippingSpace(reader)
  const { declarations, assigns } = parseDeclarations(reader, context)
  const commands: CommandNode[] = []
  for (;;) {
    const token = takeSkippingSpace(reader)
    if (token.kind === end) break
    if (!STARTS_COMMAND.has(token.kind)) unexpected(reader, token, context)
    reader.next -= 1
    commands.push(parseCommand(reader))
  }
  if (commands.length === 0) refuse(reader, `missing value for ${context}`)
  const wrong = commands.findIndex(({ operands: [first] }, index) => index > 0 && LITERALS.has(first.kind))
  if (wrong > 0) refuse(reader, `non executable command in pipeline stage ${wrong + 1}`)
  return {
    kind: 'pipeline',
    at,
    declarations: declarations.map(declared(reader, assigns)),
    assigns,
    commands,
  }
}

const STARTS_COMMAND: ReadonlySet<string> = new Set([
  'bool',
  'rune',
  'number',
  'dot',
  'nil',
  'field',
  'identifier',
  'string',
  'variable',
  '(',
])
const LITERALS: ReadonlySet<string> = new Set(['bool', 'dot', 'nil', 'number', 'string'])

/** Variables come into scope after their value was read; assigned ones must be there. */
const declared =
  (reader: Reader, assigns: boolean) =>
  ({ at, text }: Token): VariableNode => ({
    kind: 'variable',
    at,
    name: text,
    slot: assigns ? reader.variables.lastIndexOf(text) : declare(reader, text),
    names: [],
  })

/** `$x :=`, `$x =` or, for `range`, `$i, $x :=`; nothing when what follows is a value. */
function parseDeclarations(reader: Reader, context: string): { declarations: Token[]; assigns: boolean } {
  const declarations: Token[] = []
  while (peekSkippingSpace(reader).kind === 'variable') {
    const start = reader.next
    const variable = take(reader)
    const after = peekSkippingSpace(reader)
    if (after.kind === 'assign' || after.kind === 'declare') {
      take(reader)
      return { declarations: [...declarations, variable], assigns: after.kind === 'assign' }
    }
    if (after.kind !== 'char' || after.text !== ',') {
      reader.next = start
      break
    }
    take(reader)
    declarations.push(variable)
    if (context !== 'range' || declarations.length > 1) refuse(reader, `too many declarations in ${context}`)
    if (peekSkippingSpace(reader).kind !== 'variable') {
      refuse(reader, 'range can only initialize variables')
    }
  }
  return { declarations, assigns: false }
}

function parseCommand(reader: Reader): CommandNode {
  const { at } = peekSkippingSpace(reader)
  const operands: Operand[] = []
  for (;;) {
    peekSkippingSpace(reader)
    const operand = parseOperand(reader)
    if (operand !== undefined) operands.push(operand)
    const token = take(reader)
    if (token.kind === 'space') continue
    if (token.kind === 'right' || token.kind === ')') reader.next -= 1
    else if (token.kind !== 'pipe') unexpected(reader, token, 'operand')
    break
  }
  const [first, ...others] = operands
  return first === undefined
    ? refuse(reader, 'empty command')
    : { kind: 'command', at, operands: [first, ...others] }
}

/** A term and the fields behind it. */
function parseOperand(reader: Reader): Operand | undefined {
  const term = parseTerm(reader)
  const { kind, at } = peek(reader)
  if (term === undefined || kind !== 'field') return term
  const names: string[] = []
  while (peek(reader).kind === 'field') names.push(take(reader).text.slice(1))
  switch (term.kind) {
    case 'field':
    case 'variable':
      return { ...term, at, names: [...term.names, ...names] }
    case 'bool':
    case 'string':
    case 'number':
    case 'nil':
    case 'dot':
      return refuse(reader, `unexpected . after term ${JSON.stringify(nodeText(term))}`)
    default:
      return { kind: 'chain', at, of: term, names }
  }
}

function parseTerm(reader: Reader): Operand | undefined {
  const token = takeSkippingSpace(reader)
  const { kind, at, text } = token
  switch (kind) {
    case 'identifier':
      if (!reader.isFunction(text)) refuse(reader, `function ${JSON.stringify(text)} not defined`)
      return { kind, at, name: text }
    case 'dot':
    case 'nil':
      return { kind, at }
    case 'variable':
      return { kind, at, name: text, slot: slotOf(reader, text), names: [] }
    case 'field':
      return { kind, at, names: [text.slice(1)] }
    case 'bool':
      return { kind, at, value: text === 'true' }
    case 'rune':
    case 'number':
      return { kind: 'number', at, text, ...numberOf(reader, token) }
    case 'string':
      return { kind, at, quoted: text, text: unquoted(reader, token) }
    case '(':
      return nested(reader, () => parsePipeline(reader, 'parenthesized pipeline', ')'))
    default:
      reader.next -= 1
      return undefined
  }
}

function slotOf(reader: Reader, name: string): number {
  const slot = reader.variables.lastIndexOf(name)
  return slot < 0 ? refuse(reader, `undefined variable ${JSON.stringify(name)}`) : slot
}

function numberOf(reader: Reader, { text }: Token) {
  const number = parseNumberLiteral(text)
  return 'problem' in number ? refuse(reader, number.problem) : number
}

/** The text of a string token. */
export const unquoted = (reader: Reader, { text }: Token): string =>
  unquote(text) ?? refuse(reader, 'invalid syntax')
