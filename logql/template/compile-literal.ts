import { type ParameterType } from './function.ts'
import { type NumberNode, nodeText, type Operand } from './nodes.ts'
import { type Run, stop } from './run.ts'
import { int, type Value } from './value.ts'

type Literal = Extract<Operand, { kind: 'string' | 'bool' | 'number' | 'nil' }>

/** A literal as a parameter of that type takes it; one that it does not take stops the execution. */
export function compileLiteral<Context>(node: Literal, type: ParameterType): (run: Run<Context>) => Value {
  const value = literalValue(node, type)
  if (value !== undefined) {
    return (run) => {
      run.node = node
      return value
    }
  }
  const problem = problemOf(node, type)
  return (run) => {
    run.node = node
    return stop(run, problem)
  }
}

function literalValue(node: Literal, type: ParameterType): Value | undefined {
  switch (node.kind) {
    case 'string':
      return type === 'string' || type === 'any' ? node.text : undefined
    case 'bool':
      return type === 'bool' || type === 'any' ? node.value : undefined
    case 'nil':
      return type === 'any' ? null : undefined
    case 'number':
      return numberAs(node, type)
  }
}

function numberAs(node: NumberNode, type: ParameterType): Value | undefined {
  const { integer, float } = node
  switch (type) {
    case 'int':
      return integer === undefined ? undefined : int(integer)
    case 'time.Duration':
      return integer === undefined ? undefined : { kind: 'integer', type, value: integer }
    case 'float64':
      return float
    case 'any':
      return isFloat(node) ? float : integer === undefined ? undefined : int(integer)
    default:
      return undefined
  }
}

/** Whether a number that nothing else gives a type is a float: by how it is written. */
const isFloat = ({ text }: NumberNode): boolean =>
  /[.eEpP]/.test(text) && !text.startsWith("'") && !/^0[xX][^pP]*$/.test(text)

const EXPECTED: Partial<Record<ParameterType, string>> = {
  string: 'string',
  int: 'integer',
  'time.Duration': 'integer',
  float64: 'float',
  bool: 'bool',
}

function problemOf(node: Literal, type: ParameterType): string {
  if (node.kind === 'nil') return `cannot assign nil to ${type}`
  if (type === 'any') return `${nodeText(node)} overflows int`
  const expected = EXPECTED[type]
  return expected === undefined
    ? `can't handle ${nodeText(node)} for arg of type ${type}`
    : `expected ${expected}; found ${nodeText(node)}`
}
