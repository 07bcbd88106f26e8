import { parser } from '@grafana/lezer-logql'
import { describe, expect, it } from '@jest/globals'
import { type SyntaxNodeRef } from '@lezer/common'
import fc from 'fast-check'
import { type Expr, type Matcher } from '../../logql/ast.ts'
import { LogqlError } from '../../logql/error.ts'
import { formatExpr } from '../../logql/format.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { unquote } from '../../logql/strings.ts'
import { answersOf } from './recorded.ts'
import { expr } from './trees.ts'

// Grafana's editor has a parser of its own, an independent second reading of the same queries. It is no measure of how
// tight operators bind (it reads `a or b * c` as `(a or b) * c`), nor of what is wrong beyond the grammar.

/** Queries that Loki takes, or that cannot be misread, and that the editor's grammar has an error in. */
const DIFFERENCES: readonly RegExp[] = [
  // Recorded of Loki.
  /\bapprox_topk\b/,
  /\bunwrap\b[\s\S]*\] offset\b/,
  // Names with letters beyond ASCII (this one is what the generator has), and labels that are called as a function is.
  /é/,
  /\bvector\b(?! *\()/,
  // After `ip("…")` it reads no `or`, or only one.
  /\bip\("(?:[^"\\]|\\.)*"\) or\b/,
]

const isDifferent = (query: string): boolean => DIFFERENCES.some((pattern) => pattern.test(query))

/** Tokens that say by themselves what a stage or an operation is. */
const NAMED: ReadonlySet<string> = new Set([
  ...['RangeOp', 'VectorOp', 'LabelReplace', 'Vector', 'Json', 'Logfmt', 'Unpack', 'Pattern', 'Regexp'],
  ...['LineFormat', 'LabelFormat', 'Decolorize', 'Drop', 'Keep', 'Unwrap'],
])

/** Operations, matchers of selectors, stages and operators, in the order of the query; undefined for one with an error. */
function outlineByLezer(query: string): string[] | undefined {
  const outline: string[] = []
  let isWrong = false
  parser.parse(query).iterate({
    enter(ref) {
      isWrong ||= ref.type.isError
      outline.push(...itemsOf(ref, query))
    },
  })
  return isWrong ? undefined : outline
}

function itemsOf({ name, from, to, node }: SyntaxNodeRef, query: string): string[] {
  const text = query.slice(from, to)
  const parent = node.parent?.name
  if (NAMED.has(name)) return [text.toLowerCase()]
  if (name === 'LineFilter' || name === 'OrFilter') return ['line_filter']
  if (name === 'LabelFilter' && parent !== 'LabelFilter') return ['label_filter']
  if (name === 'Matcher' && parent === 'Matchers') {
    const [, label = '', operator = '', value = ''] = /^(\w+)\s*([!=~]+)\s*([\s\S]+)$/.exec(text) ?? []
    return [`${label}${operator}${unquote(value)}`]
  }
  const isOperator = parent === 'BinOpExpr' && name !== 'Expr' && name !== 'BinOpModifier'
  return isOperator ? [text.toLowerCase()] : []
}

const matcherText = ({ name, operator, value }: Matcher): string => `${name}${operator}${value}`

function outlineOf(tree: Expr): string[] {
  switch (tree.kind) {
    case 'log': {
      const stages = tree.stages.flatMap((stage) =>
        stage.kind === 'line_filter' ? stage.terms.map(() => stage.kind) : [stage.kind],
      )
      return [...tree.matchers.map(matcherText), ...stages]
    }
    case 'range': {
      const { operation, log, unwrap } = tree
      const filters = unwrap?.filters.map(() => 'label_filter') ?? []
      return [operation, ...outlineOf(log), ...(unwrap === undefined ? [] : ['unwrap']), ...filters]
    }
    case 'vector_aggregation':
      return [tree.operation, ...outlineOf(tree.inner)]
    case 'binary':
      return [...outlineOf(tree.left), tree.operator, ...outlineOf(tree.right)]
    case 'label_replace':
      return ['label_replace', ...outlineOf(tree.inner)]
    case 'vector':
      return ['vector']
    case 'literal':
      return []
  }
}

function parsed(query: string): Expr | undefined {
  try {
    return parseExpr(query)
  } catch (error) {
    if (error instanceof LogqlError) return undefined
    throw error
  }
}

describe("Grafana's own parser of LogQL", () => {
  const queries = new Set(
    answersOf('log', 'instant', 'range', 'instant-log', 'error', 'format').map(({ params }) =>
      String(params.query),
    ),
  )

  it('reads the recorded queries as we do', () => {
    const accepted = [...queries].filter((query) => parsed(query) !== undefined && !isDifferent(query))
    expect(accepted.length).toBeGreaterThan(150)
    for (const query of accepted) {
      const tree = parseExpr(query)
      // Of literals alone we know only the result.
      const expected = tree.kind === 'literal' ? expect.any(Array) : outlineOf(tree)
      expect([query, outlineByLezer(query)]).toEqual([query, expected])
    }
  })

  it('reads generated queries as we do', () => {
    fc.assert(
      fc.property(expr, (tree) => {
        const query = formatExpr(tree)
        fc.pre(!isDifferent(query))
        expect([query, outlineByLezer(query)]).toEqual([query, outlineOf(tree)])
      }),
      { numRuns: 300 },
    )
  })
})
