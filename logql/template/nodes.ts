/** A literal number: what it is depends on who uses it. `integer` fits in 64 bits. */
export type NumberNode = {
  kind: 'number'
  at: number
  text: string
  integer: bigint | undefined
  float: number | undefined
}
export type StringNode = { kind: 'string'; at: number; quoted: string; text: string }
export type IdentifierNode = { kind: 'identifier'; at: number; name: string }
/** `.a.b`: fields of the dot. */
export type FieldNode = { kind: 'field'; at: number; names: readonly string[] }
/** `$x.a.b`; `slot` is where the variable is kept, -1 for one that nothing declares. */
export type VariableNode = {
  kind: 'variable'
  at: number
  name: string
  slot: number
  names: readonly string[]
}
/** `(pipeline).a.b` or `function.a.b`. */
export type ChainNode = { kind: 'chain'; at: number; of: Operand; names: readonly string[] }
export type PipelineNode = {
  kind: 'pipeline'
  at: number
  declarations: readonly VariableNode[]
  /** `=` instead of `:=`. */
  assigns: boolean
  commands: readonly CommandNode[]
}
export type Operand =
  | NumberNode
  | StringNode
  | IdentifierNode
  | FieldNode
  | VariableNode
  | ChainNode
  | PipelineNode
  | { kind: 'bool'; at: number; value: boolean }
  | { kind: 'dot'; at: number }
  | { kind: 'nil'; at: number }
/** One stage of a pipeline: what is called, with its arguments. */
export type CommandNode = { kind: 'command'; at: number; operands: readonly [Operand, ...Operand[]] }

/** `if`, `with` and `range`. */
export type BranchNode = {
  kind: 'if' | 'with' | 'range'
  at: number
  pipeline: PipelineNode
  body: readonly Statement[]
  otherwise: readonly Statement[]
}
/** `{{template "name" pipeline}}`. */
export type CallNode = { kind: 'template'; at: number; name: string; pipeline: PipelineNode | undefined }
export type Statement =
  | { kind: 'text'; at: number; text: string }
  | { kind: 'action'; at: number; pipeline: PipelineNode }
  | { kind: 'break' | 'continue'; at: number }
  | BranchNode
  | CallNode

/** A parsed text: its own template is named as the text is, those of `define` and `block` as they say. */
export type TemplateSet = {
  name: string
  text: string
  templates: ReadonlyMap<string, readonly Statement[]>
}

/** What an error message shows of a node, as Go writes it. Pure. */
export function nodeText(node: Operand | CommandNode | CallNode): string {
  switch (node.kind) {
    case 'number':
      return node.text
    case 'string':
      return node.quoted
    case 'identifier':
      return node.name
    case 'field':
      return node.names.map((name) => `.${name}`).join('')
    case 'variable':
      return [node.name, ...node.names].join('.')
    case 'chain':
      return `${operandText(node.of)}${node.names.map((name) => `.${name}`).join('')}`
    case 'pipeline':
      return pipelineText(node)
    case 'bool':
      return String(node.value)
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'command':
      return node.operands.map(operandText).join(' ')
    case 'template':
      return `{{template ${JSON.stringify(node.name)}${node.pipeline === undefined ? '' : ` ${pipelineText(node.pipeline)}`}}}`
  }
}

const operandText = (node: Operand): string =>
  node.kind === 'pipeline' ? `(${nodeText(node)})` : nodeText(node)

function pipelineText({ declarations, assigns, commands }: PipelineNode): string {
  const names = declarations.map((variable) => variable.name).join(', ')
  const before = names === '' ? '' : `${names} ${assigns ? '=' : ':='} `
  return before + commands.map(nodeText).join(' | ')
}
