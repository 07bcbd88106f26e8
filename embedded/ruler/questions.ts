import { type MetricExpr } from '../../logql/ast.ts'
import { evaluateMetric, type MetricResult } from '../../logql/evaluate/metric.ts'
import { run } from '../../logql/evaluate/run.ts'
import { memorySource } from '../../logql/memory.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { NO_LABELS, type Source } from '../../logql/source.ts'
import { drive } from '../api/drive.ts'
import { type Store } from '../store/store.ts'
import { type Questions, type Sample } from './evaluate.ts'

const NS_PER_MS = 1_000_000n
const EMPTY: Source = memorySource([])

/** What the rules of a tenant ask: its own entries, at an instant, as far as `maxSeries` series. */
export function questionsOf(store: Store, tenant: string, maxSeries: number, stop: AbortSignal): Questions {
  // The tenant may write for the first time later.
  const source = () => store.tenant(tenant) ?? EMPTY
  const at = (expr: MetricExpr, atMs: number) => {
    const atNs = BigInt(atMs) * NS_PER_MS
    return evaluateMetric(expr, source(), { startNs: atNs, endNs: atNs, stepNs: 0n }, maxSeries)
  }
  return {
    ask: async (expr, atMs) => samplesOf(await drive(at(expr, atMs), stop)),
    askNow(query, atMs) {
      const expr = parseExpr(query)
      if (expr.kind === 'log') throw new Error('the query asks for lines, not for numbers')
      return samplesOf(run(at(expr, atMs)))
    },
  }
}

/** A number without series is one without labels. */
function samplesOf(result: MetricResult): Sample[] {
  if (result.type === 'scalar') return [{ labels: NO_LABELS, value: result.value }]
  return result.type === 'vector' ? result.samples : []
}
