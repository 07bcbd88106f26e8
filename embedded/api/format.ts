import { parseExpr } from '../../logql/parse/parse.ts'
import { success } from './answer.ts'
import { type Handler } from './api.ts'

/** The query as Loki itself writes it. */
export const formatQuery: Handler = (_, { parameters }) => {
  parseExpr(parameters.get('query') ?? '')
  return success('to come')
}
