import { type LogExpr } from '../../logql/ast.ts'
import { Refusal } from '../refusal.ts'
import { type Answer } from './answer.ts'
import { type Api, type Asked } from './api.ts'
import { type Range } from './range.ts'

export async function logRangeQuery(
  _api: Api,
  _asked: Asked,
  _expr: LogExpr,
  _range: Range,
): Promise<Answer> {
  throw new Refusal(500, 'to come')
}
