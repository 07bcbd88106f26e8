import { LogqlError } from '../../logql/error.ts'
import { formatExpr } from '../../logql/format.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { jsonAnswer, success } from './answer.ts'
import { type Handler } from './api.ts'

/** The query as Loki itself writes it; what is wrong with it in JSON, as only this question is answered. */
export const formatQuery: Handler = (_, { parameters }) => {
  try {
    return success(formatExpr(parseExpr(parameters.get('query') ?? '')))
  } catch (error) {
    if (!(error instanceof LogqlError)) throw error
    return { ...jsonAnswer({ status: 'invalid-query', error: error.message }), status: 400 }
  }
}
