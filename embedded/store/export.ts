import { run } from '../../logql/evaluate/run.ts'
import { type Block, type Labels } from '../../logql/source.ts'
import { type Store, type TenantStore } from './store.ts'

/** An entry with all that says where it belongs. */
export type ExportedEntry = {
  tenant: string
  labels: Labels
  timeNs: bigint
  line: string
  metadata: Labels | undefined
}

const FIRST_NS = -(2n ** 63n)
const LAST_NS = 2n ** 63n - 1n

/**
 * Every entry, stream after stream, each stream in the order of its times. It holds one block at a time besides
 * the caches of the store, whatever is stored. What is appended meanwhile may be missing.
 */
export function* entriesOf(store: Store): Generator<ExportedEntry, undefined> {
  for (const tenant of store.tenants()) {
    const stored = store.tenant(tenant)
    if (stored !== undefined) yield* entriesOfTenant(tenant, stored)
  }
}

function* entriesOfTenant(tenant: string, stored: TenantStore): Generator<ExportedEntry, undefined> {
  for (const { labels, blocks } of run(stored.select([], FIRST_NS, LAST_NS)))
    for (const { block, from, to } of runsOf(blocks)) {
      const times = block.times()
      const { text, starts, ends, metadata } = block.lines()
      for (let index = from; index < to; index++) {
        const timeNs = block.firstNs + BigInt(times[index] ?? 0)
        const line = text.slice(starts[index], ends[index])
        yield { tenant, labels, timeNs, line, metadata: metadata(index) }
      }
    }
}

/** Entries of a block that follow each other in the order of all. */
type Run = { block: Block; from: number; to: number }
/** What of a block is still to come, and when that begins. */
type Rest = { block: Block; from: number; nextNs: bigint }

/** Blocks that may overlap, cut into runs in the order of their times. */
function* runsOf(blocks: readonly Block[]): Generator<Run, undefined> {
  const rests: Rest[] = blocks.map((block) => ({ block, from: 0, nextNs: block.firstNs })).reverse()
  for (let first = rests.pop(); first !== undefined; first = rests.pop()) {
    const { block, from } = first
    const times = block.times()
    const until = rests.at(-1)?.nextNs ?? block.lastNs
    let to = from + 1
    while (to < block.count && block.firstNs + BigInt(times[to] ?? 0) <= until) to++
    yield { block, from, to }
    if (to < block.count) insert(rests, { block, from: to, nextNs: block.firstNs + BigInt(times[to] ?? 0) })
  }
}

/** Inserts into rests of which the last begins first. */
function insert(rests: Rest[], rest: Rest): void {
  let low = 0
  let high = rests.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rests[middle]?.nextNs ?? 0n) > rest.nextNs) low = middle + 1
    else high = middle
  }
  rests.splice(low, 0, rest)
}

/** An entry as a line of NDJSON, without the newline. The time is a text, as Loki writes it. Pure. */
export const exportedLine = ({ tenant, labels, timeNs, line, metadata }: ExportedEntry): string =>
  JSON.stringify({
    tenant,
    stream: Object.fromEntries(labels),
    time: String(timeNs),
    line,
    metadata: metadata && Object.fromEntries(metadata),
  })
