import { describe, expect, it } from '@jest/globals'
import { LogqlError, type LogqlErrorKind } from '../../logql/error.ts'
import { evaluateMetric, type When } from '../../logql/evaluate/metric.ts'
import { type RenderedMetric, renderMetric } from '../../logql/evaluate/render.ts'
import { run } from '../../logql/evaluate/run.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { type Answer, answersOf, difference, recordedSource } from './recorded.ts'

const source = recordedSource()

/** A step as the API takes it: seconds, or a number with a unit. */
function stepNs(step: string): bigint {
  const seconds: Record<string, number> = { s: 1, m: 60, h: 3600 }
  const [, digits = '', unit = 's'] = /^(\d+)([smh]?)$/.exec(step) ?? []
  return BigInt(digits) * BigInt(seconds[unit || 's'] ?? 1) * 1_000_000_000n
}

function whenOf({ kind, params }: Answer): When {
  if (kind === 'instant') {
    const timeNs = BigInt(String(params.time))
    return { startNs: timeNs, endNs: timeNs, stepNs: 0n }
  }
  const [startNs, endNs] = [BigInt(String(params.start)), BigInt(String(params.end))]
  return { startNs, endNs, stepNs: stepNs(String(params.step)) }
}

function ask(answer: Answer): RenderedMetric {
  const expr = parseExpr(String(answer.params.query))
  if (expr.kind === 'log') throw new Error('a log query')
  return renderMetric(run(evaluateMetric(expr, source, whenOf(answer))))
}

function refusal(answer: Answer): LogqlError {
  try {
    ask(answer)
  } catch (error) {
    if (error instanceof LogqlError) return error
    throw error
  }
  throw new Error('answered instead of refused')
}

const title = ({ kind, params }: Answer): string =>
  `${kind} ${String(params.query)} at ${String(params.time ?? params.step)}`

/** The kind of a refusal and the part of its words that must be the same. */
function causeOf(text: string): { kind: LogqlErrorKind; words: string } {
  const pipeline = /^pipeline error: '\w+'/.exec(text)
  if (pipeline !== null) return { kind: 'pipeline', words: pipeline[0] }
  return { kind: text.startsWith('parse error') ? 'parse' : 'unsupported', words: text }
}

const answers = answersOf('instant', 'range')

describe('metric queries as Loki answered them', () => {
  it.each(answers.filter(({ status }) => status === 200).map((answer) => [title(answer), answer] as const))(
    '%s',
    (_, answer) => {
      const { resultType, result } = ask(answer)
      expect(resultType).toBe(answer.resultType)
      expect(difference(result, answer.result)).toBeUndefined()
    },
  )

  it.each(answers.filter(({ status }) => status !== 200).map((answer) => [title(answer), answer] as const))(
    'refuses %s',
    (_, answer) => {
      const { kind, words } = causeOf(answer.text ?? '')
      const error = refusal(answer)
      expect(error.kind).toBe(kind)
      expect(error.message).toContain(words)
    },
  )
})
