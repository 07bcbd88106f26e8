import { VigieError, vigieError } from '../service/errors.ts'

/** A question to Loki; when it cannot be answered, the error says which it was. Throws RULE_NOT_EVALUATED. */
export async function ask<Answer>(rule: string, question: Promise<Answer>): Promise<Answer> {
  try {
    return await question
  } catch (error) {
    if (!(error instanceof VigieError) || error.code !== 'LOKI_QUERY_FAILED') throw error
    throw vigieError('RULE_NOT_EVALUATED', { rule, problem: error.message }, error)
  }
}
