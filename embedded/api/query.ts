import { type Expr, type LogExpr, type MetricExpr } from '../../logql/ast.ts'
import { evaluateMetric, type When } from '../../logql/evaluate/metric.ts'
import { matrixTexts, renderMetric } from '../../logql/evaluate/render.ts'
import { Refusal } from '../refusal.ts'
import { type Answer, inPieces, success, successAround } from './answer.ts'
import { type Api, type Asked, type Handler } from './api.ts'
import { logRangeQuery } from './log-query.ts'
import { parsedQuery } from './parsed.ts'
import { rangeOf, withinLimits } from './range.ts'
import { runQuery } from './run-query.ts'
import { nowNs } from './selection.ts'
import { NO_STATISTICS, statisticsOf } from './statistics.ts'
import { timeParameter } from './times.ts'

const isLog = (expr: Expr): expr is LogExpr => expr.kind === 'log'

/** A query over a span of time: logs, or a number at each step. */
export const rangeQuery: Handler = async (api, asked) => {
  const range = rangeOf(asked.parameters, nowNs(api))
  const expr = parsedQuery(asked.parameters)
  if (isLog(expr)) return await logRangeQuery(api, asked, expr, range)
  const allowed = withinLimits(range, api.config.limits_config, nowNs(api))
  if (allowed === undefined) return success({ resultType: 'matrix', result: [], stats: NO_STATISTICS })
  return await metricAnswer(api, asked, expr, allowed)
}

/** A number at one instant. */
export const instantQuery: Handler = async (api, asked) => {
  const atNs = timeParameter(asked.parameters, 'time', nowNs(api))
  const expr = parsedQuery(asked.parameters)
  if (isLog(expr))
    throw new Refusal(
      400,
      'log queries are not supported as an instant query type, please change your query to a range query type',
    )
  return await metricAnswer(api, asked, expr, { startNs: atNs, endNs: atNs, stepNs: 0n })
}

async function metricAnswer(api: Api, asked: Asked, expr: MetricExpr, when: When): Promise<Answer> {
  const maxSeries = api.config.limits_config.max_query_series || Number.POSITIVE_INFINITY
  const { result, cost } = await runQuery(api, asked, function* (source) {
    const evaluated = yield* evaluateMetric(expr, source, when, maxSeries)
    if (evaluated.type !== 'matrix') return renderMetric(evaluated)
    const { series } = evaluated
    return { pieces: yield* inPieces(matrixTexts(series)), returned: series.length }
  })
  if ('resultType' in result)
    return success({ ...result, stats: statisticsOf({ ...cost, returned: result.result.length }) })
  const stats = statisticsOf({ ...cost, returned: result.returned })
  return successAround({ resultType: 'matrix' }, result.pieces, { stats })
}
