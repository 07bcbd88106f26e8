import { tokenize } from './lexer.ts'
import { type BranchNode, type Statement, type TemplateSet } from './nodes.ts'
import { parsePipeline, unquoted } from './parse-pipeline.ts'
import {
  expect,
  nested,
  peek,
  peekSkippingSpace,
  type Reader,
  refuse,
  takeSkippingSpace,
  unexpected,
} from './reader.ts'

/**
 * Parses a template of Go's text/template. `name` is that of the template in error messages. Throws LogqlError
 * (`parse`) with Go's words and the position. Pure.
 */
export function parseTemplate(
  text: string,
  name: string,
  isFunction: (name: string) => boolean,
): TemplateSet {
  const templates = new Map<string, readonly Statement[]>()
  const reader: Reader = {
    name,
    text,
    tokens: tokenize(text),
    isFunction,
    templates,
    next: 0,
    variables: ['$'],
    rangeDepth: 0,
    depth: 0,
    actionAt: undefined,
  }
  const body: Statement[] = []
  while (peek(reader).kind !== 'end of file') {
    if (isDefinition(reader)) parseDefinition(reader)
    else body.push(parseTopLevel(reader))
  }
  addTemplate(reader, name, body)
  return { name, text, templates }
}

/** What ends a list of statements. */
type Ending = { kind: 'ending'; word: 'end' | 'else' }

function parseTopLevel(reader: Reader): Statement {
  const statement = parseStatement(reader)
  return statement.kind === 'ending' ? refuse(reader, `unexpected {{${statement.word}}}`) : statement
}

const isEmpty = (body: readonly Statement[]): boolean =>
  body.every((statement) => statement.kind === 'text' && statement.text.trim() === '')

/** A template that is empty does not replace another of its name; two that are not are one too many. */
function addTemplate(reader: Reader, name: string, template: readonly Statement[]): void {
  const known = reader.templates.get(name)
  if (known === undefined || isEmpty(known)) reader.templates.set(name, template)
  else if (!isEmpty(template)) {
    refuse(reader, `template: multiple definition of template ${JSON.stringify(name)}`)
  }
}

function isDefinition(reader: Reader): boolean {
  if (peek(reader).kind !== 'left') return false
  const start = reader.next
  reader.next += 1
  const isDefine = peekSkippingSpace(reader).text === 'define' && peek(reader).kind === 'keyword'
  reader.next = start
  return isDefine
}

function parseDefinition(reader: Reader): void {
  reader.next += 1
  takeSkippingSpace(reader)
  const name = unquoted(reader, expect(reader, 'string', 'define clause'))
  expect(reader, 'right', 'define clause')
  addTemplate(reader, name, parseOwnTemplate(reader, 'define clause'))
}

/** A template within the text: it sees no variable of those around it. */
function parseOwnTemplate(reader: Reader, context: string): readonly Statement[] {
  const { variables, rangeDepth } = reader
  reader.variables = ['$']
  reader.rangeDepth = 0
  const { statements, ending } = parseList(reader)
  if (ending.word !== 'end') refuse(reader, `unexpected {{${ending.word}}} in ${context}`)
  Object.assign(reader, { variables, rangeDepth })
  return statements
}

/** Statements up to `{{end}}` or `{{else}}`. */
function parseList(reader: Reader): { statements: Statement[]; ending: Ending } {
  return nested(reader, () => {
    const statements: Statement[] = []
    while (peekSkippingSpace(reader).kind !== 'end of file') {
      const statement = parseStatement(reader)
      if (statement.kind === 'ending') return { statements, ending: statement }
      statements.push(statement)
    }
    return refuse(reader, 'unexpected EOF', peek(reader))
  })
}

function parseStatement(reader: Reader): Statement | Ending {
  const token = takeSkippingSpace(reader)
  if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.text }
  if (token.kind !== 'left') return unexpected(reader, token, 'input')
  reader.actionAt = token.at
  const statement = parseAction(reader)
  reader.actionAt = undefined
  return statement
}

function parseAction(reader: Reader): Statement | Ending {
  const token = peekSkippingSpace(reader)
  if (token.kind !== 'keyword') {
    const pipeline = parsePipeline(reader, 'command', 'right')
    return { kind: 'action', at: token.at, pipeline }
  }
  takeSkippingSpace(reader)
  switch (token.text) {
    case 'if':
    case 'with':
    case 'range':
      return parseBranch(reader, token.text)
    case 'break':
    case 'continue':
      return parseJump(reader, token.text, token.at)
    case 'else':
      return parseElse(reader)
    case 'end':
      expect(reader, 'right', 'end')
      return { kind: 'ending', word: 'end' }
    case 'template':
      return parseCall(reader)
    case 'block':
      return parseBlock(reader)
    default:
      return unexpected(reader, token, 'command')
  }
}

function parseJump(reader: Reader, kind: 'break' | 'continue', at: number): Statement {
  expect(reader, 'right', `{{${kind}}}`)
  if (reader.rangeDepth === 0) refuse(reader, `{{${kind}}} outside {{range}}`)
  return { kind, at }
}

/** `{{else if …}}` and `{{else with …}}` leave the keyword to the branch that is ended. */
function parseElse(reader: Reader): Ending {
  const token = peekSkippingSpace(reader)
  const isChained = token.kind === 'keyword' && (token.text === 'if' || token.text === 'with')
  if (!isChained) expect(reader, 'right', 'else')
  return { kind: 'ending', word: 'else' }
}

function parseBranch(reader: Reader, kind: BranchNode['kind']): BranchNode {
  const scope = reader.variables.length
  const pipeline = parsePipeline(reader, kind, 'right')
  if (kind === 'range') reader.rangeDepth += 1
  const { statements: body, ending } = parseList(reader)
  if (kind === 'range') reader.rangeDepth -= 1
  const otherwise = ending.word === 'else' ? parseOtherwise(reader, kind) : []
  reader.variables.length = scope
  return { kind, at: pipeline.at, pipeline, body, otherwise }
}

function parseOtherwise(reader: Reader, kind: BranchNode['kind']): Statement[] {
  const token = peek(reader)
  if (kind !== 'range' && token.kind === 'keyword' && token.text === kind) {
    takeSkippingSpace(reader)
    return [nested(reader, () => parseBranch(reader, kind))]
  }
  const { statements, ending } = parseList(reader)
  return ending.word === 'end' ? statements : refuse(reader, `expected end; found {{else}}`)
}

function parseCall(reader: Reader): Statement {
  const token = takeSkippingSpace(reader)
  if (token.kind !== 'string') unexpected(reader, token, 'template clause')
  const name = unquoted(reader, token)
  const isBare = peekSkippingSpace(reader).kind === 'right'
  if (isBare) takeSkippingSpace(reader)
  const pipeline = isBare ? undefined : parsePipeline(reader, 'template clause', 'right')
  return { kind: 'template', at: token.at, name, pipeline }
}

function parseBlock(reader: Reader): Statement {
  const token = takeSkippingSpace(reader)
  if (token.kind !== 'string') unexpected(reader, token, 'block clause')
  const name = unquoted(reader, token)
  const pipeline = parsePipeline(reader, 'block clause', 'right')
  addTemplate(reader, name, parseOwnTemplate(reader, 'block clause'))
  return { kind: 'template', at: token.at, name, pipeline }
}
