import { type Matcher } from '../../logql/ast.ts'
import { compareLabels, labelsKey } from '../../logql/evaluate/labels.ts'
import { type Block, type Labels } from '../../logql/source.ts'
import { Refusal } from '../refusal.ts'
import { jsonAnswer, success } from './answer.ts'
import { type Handler } from './api.ts'
import { drive } from './drive.ts'
import { queriedStreams, type Selection, selectedStreams } from './selection.ts'
import { statisticsOf } from './statistics.ts'
import { type Bounds, countParameter, durationParameter } from './times.ts'

/** A time in equal steps, of which the last may be shorter. */
type Steps = Bounds & { stepNs: bigint }

/** The entries of a block in each step that has some, by the step's number. */
function entriesOf(block: Block, { startNs, endNs, stepNs }: Steps): Map<number, number> {
  const { firstNs, lastNs, count } = block
  const stepOf = (ns: bigint): number => Number((ns - startNs) / stepNs)
  if (lastNs < startNs || firstNs > endNs) return new Map()
  const isWithin = firstNs >= startNs && lastNs <= endNs
  if (isWithin && stepOf(firstNs) === stepOf(lastNs)) return new Map([[stepOf(firstNs), count]])
  const counts = new Map<number, number>()
  const [offset, end, step] = [Number(firstNs - startNs), Number(endNs - firstNs), Number(stepNs)]
  for (const time of block.times()) {
    if (time + offset < 0 || time > end) continue
    const index = Math.floor((time + offset) / step)
    counts.set(index, (counts.get(index) ?? 0) + 1)
  }
  return counts
}

/** The bytes of so many entries of a block, as if all its lines were equally long. */
const bytesOf = ({ bytes, count }: Block, entries: number): number =>
  entries === count ? bytes : Math.round((bytes * entries) / count)

const wholeOf = ({ startNs, endNs }: Bounds): Steps => ({ startNs, endNs, stepNs: endNs - startNs + 1n })

/**
 * How much there is of the streams that match `query`. As in Loki's index, of which these are the numbers, recent
 * entries are not yet among them, and what reaches into the time counts as a whole.
 */
export const indexStats: Handler = async (api, asked) => {
  const sum = { streams: 0, chunks: 0, bytes: 0, entries: 0 }
  for (const { sealed } of await drive(queriedStreams(api, asked), asked.signal)) {
    if (sealed.blocks > 0) sum.streams++
    sum.chunks += sealed.blocks
    sum.bytes += sealed.bytes
    sum.entries += sealed.entries
  }
  return jsonAnswer(sum)
}

/** Bytes of the streams that match `query`, by the labels that it or `targetLabels` names. */
export const indexVolume: Handler = async (api, asked) => {
  const selection = await drive(selectedStreams(api, asked), asked.signal)
  const volumes = await drive(volumesOf(selection, asked.parameters, wholeOf(selection)), asked.signal)
  const result = volumes.map(({ labels, total }) => ({
    metric: Object.fromEntries(labels),
    value: [seconds(selection.endNs), String(total)],
  }))
  return volumeAnswer('vector', result)
}

/** The same at each `step`, a point at the end of each. */
export const indexVolumeRange: Handler = async (api, asked) => {
  const selection = await drive(selectedStreams(api, asked), asked.signal)
  const steps = stepsOf(selection, durationParameter(asked.parameters, 'step'))
  const volumes = await drive(volumesOf(selection, asked.parameters, steps), asked.signal)
  const result = volumes.map(({ labels, bytes }) => ({
    metric: Object.fromEntries(labels),
    values: [...bytes].sort(([a], [b]) => a - b).map(([step, sum]) => [stepEnd(steps, step), String(sum)]),
  }))
  return volumeAnswer('matrix', result)
}

const seconds = (ns: bigint): number => Number(ns / 1_000_000n) / 1_000

function stepEnd({ startNs, endNs, stepNs }: Steps, step: number): number {
  const end = startNs + BigInt(step + 1) * stepNs
  return seconds(end < endNs ? end : endNs)
}

const volumeAnswer = (resultType: string, result: readonly unknown[]) => {
  const cost = { lines: 0, bytes: 0, seconds: 0, queueSeconds: 0, returned: result.length }
  return success({ resultType, result, stats: statisticsOf(cost) })
}

const MAX_STEPS = 11_000n

function stepsOf(bounds: Bounds, stepNs: bigint | undefined): Steps {
  if (stepNs === undefined || stepNs === 0n) return wholeOf(bounds)
  const { startNs, endNs } = bounds
  if (stepNs < 0n || (endNs - startNs) / stepNs > MAX_STEPS)
    throw new Refusal(
      400,
      'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
    )
  return { startNs, endNs, stepNs }
}

/** Bytes by step, and in total, of the streams with these labels. */
type Volume = { labels: Labels; total: number; bytes: Map<number, number> }

const DEFAULT_VOLUMES = 100

/** The largest volumes first, as many as `limit` says. */
function* volumesOf(
  { streams, matchers }: Selection,
  parameters: URLSearchParams,
  steps: Steps,
): Generator<void, Volume[]> {
  const limit = countParameter(parameters, 'limit', DEFAULT_VOLUMES) || DEFAULT_VOLUMES
  const required = targetNames(parameters).filter((target) => !matchers.some(({ name }) => name === target))
  const names = keyNames(parameters, matchers)
  const labelSets = parameters.get('aggregateBy') === 'labels' ? byLabel : bySeries
  const volumes = new Map<string, Volume>()
  for (const { labels, blocks } of streams) {
    if (!required.every((name) => labels.has(name))) continue
    const keys = labelSets(labels, names)
    for (const block of blocks) {
      for (const [step, entries] of entriesOf(block, steps))
        for (const key of keys) add(volumes, key, step, bytesOf(block, entries))
      yield
    }
  }
  return [...volumes.values()]
    .sort((a, b) => b.total - a.total || compareLabels(a.labels, b.labels))
    .slice(0, limit)
}

/** The labels that are asked for. Streams without one of them have no volume, unless a matcher names it. */
const targetNames = (parameters: URLSearchParams): string[] =>
  (parameters.get('targetLabels') ?? '').split(',').filter((name) => name !== '')

/** The labels to tell volumes apart by; none for all labels. */
function keyNames(parameters: URLSearchParams, matchers: readonly Matcher[]): ReadonlySet<string> {
  const targets = targetNames(parameters)
  return new Set(targets.length > 0 ? targets : matchers.map(({ name }) => name))
}

const bySeries = (labels: Labels, names: ReadonlySet<string>): Labels[] => [
  names.size === 0 ? labels : new Map([...labels].filter(([name]) => names.has(name))),
]
const byLabel = (labels: Labels, names: ReadonlySet<string>): Labels[] =>
  [...labels.keys()]
    .filter((name) => names.size === 0 || names.has(name))
    .map((name) => new Map([[name, '']]))

function add(volumes: Map<string, Volume>, labels: Labels, step: number, bytes: number): void {
  const key = labelsKey(labels)
  const volume = volumes.get(key) ?? { labels, total: 0, bytes: new Map() }
  volumes.set(key, volume)
  volume.total += bytes
  volume.bytes.set(step, (volume.bytes.get(step) ?? 0) + bytes)
}
