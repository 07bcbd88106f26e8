import { parseExpr } from '../../../logql/parse/parse.ts'
import { type Labels } from '../../../logql/source.ts'
import { allLabels, compilePipeline, type Pipeline, type Processed } from '../../../logql/stages/pipeline.ts'

export type LabelRecord = Readonly<Record<string, string>>

export const labelsOf = (record: LabelRecord): Labels => new Map(Object.entries(record).sort())

/** The pipeline of a query's stages, such as `| json | etat="FAILED"`. */
export function pipelineOf(stages: string, wanted?: ReadonlySet<string>): Pipeline {
  const expr = parseExpr(`{job="test"} ${stages}`)
  if (expr.kind !== 'log') throw new Error('no log query')
  return compilePipeline(expr.stages, wanted)
}

/** When the entries of tests are: 2026-11-19T10:00:00.000000001Z. */
export const TIME_NS = 1_795_082_400_000_000_001n

/** What stages make of a line of a stream; undefined when they drop it. */
export const processed = (
  stages: string,
  line: string,
  stream: LabelRecord = {},
  metadata?: LabelRecord,
): Processed | undefined =>
  pipelineOf(stages)
    .forStream(labelsOf(stream))
    .process(() => TIME_NS, line, metadata && labelsOf(metadata))

/** All labels that stages leave on a line; undefined when they drop it. */
export function labelsAfter(
  stages: string,
  line: string,
  stream?: LabelRecord,
  metadata?: LabelRecord,
): LabelRecord | undefined {
  const result = processed(stages, line, stream, metadata)
  return result && Object.fromEntries(allLabels(result))
}

/** The line that stages make of one; undefined when they drop it. */
export const lineAfter = (stages: string, line: string, stream?: LabelRecord): string | undefined =>
  processed(stages, line, stream)?.line
