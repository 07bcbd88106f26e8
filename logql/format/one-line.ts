import { type Expr, type LogExpr } from '../ast.ts'
import { formatNumber, formatPlainNumber } from '../numbers.ts'
import { quote } from '../strings.ts'
import { formatOperator, formatRange, formatVector, rangeTail, vectorHead } from './parts.ts'
import { formatSelector, formatStage, formatUnwrap } from './stages.ts'

const formatLog = ({ matchers, stages }: LogExpr): string =>
  [formatSelector(matchers), ...stages.map(formatStage)].join(' ')

/** A query on one line, as Loki spells it; binary operations stand in parentheses. Pure. */
export function oneLine(expr: Expr): string {
  switch (expr.kind) {
    case 'log':
      return formatLog(expr)
    case 'range': {
      const parameter = expr.parameter === undefined ? '' : `${formatPlainNumber(expr.parameter)},`
      const unwrap = expr.unwrap === undefined ? [] : formatUnwrap(expr.unwrap)
      const lines = [formatLog(expr.log), ...unwrap].join(' ')
      return `${expr.operation}(${parameter}${lines}${formatRange(expr)})${rangeTail(expr)}`
    }
    case 'vector_aggregation': {
      const parameter = expr.parameter === undefined ? '' : `${expr.parameter},`
      return `${vectorHead(expr)}(${parameter}${oneLine(expr.inner)})`
    }
    case 'binary': {
      const right = oneLine(expr.right)
      return `(${oneLine(expr.left)} ${formatOperator(expr, right)} ${right})`
    }
    case 'label_replace': {
      const texts = [expr.target, expr.replacement, expr.source, expr.pattern].map((text) => quote(text))
      return `label_replace(${[oneLine(expr.inner), ...texts].join(',')})`
    }
    case 'literal':
      return formatNumber(expr.value)
    case 'vector':
      return formatVector(expr.value)
  }
}
