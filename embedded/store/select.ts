import { type Matcher } from '../../logql/ast.ts'
import { type Block, type SelectedStream } from '../../logql/source.ts'
import { newestNsOf } from './head.ts'
import { arrivedIn } from './open-block.ts'
import { type OpenFiles } from './open-files.ts'
import { arrivedAsBlock, asBlock, type StoredBlock, since } from './read.ts'
import { blockIn } from './segment.ts'
import { type SegmentPart, type State, type Stream } from './state.ts'
import { type StreamFacts, type TenantStore } from './store.ts'
import { matching } from './streams.ts'

/** How long a stream counts as active after its last entry: Loki's `chunk_idle_period`, 30 minutes. */
const ACTIVE_MS = 30 * 60 * 1000

/** What is stored for a tenant, also when it has nothing any more. */
export const tenantStore = (state: State, name: string): TenantStore => ({
  select: (matchers, fromNs, toNs) => select(state, name, matchers, fromNs, toNs),
  *streams(matchers, fromNs, toNs) {
    const facts: StreamFacts[] = []
    for (const found of yield* select(state, name, matchers, fromNs, toNs)) {
      facts.push(factsOf(found))
      if (facts.length % STREAMS_BETWEEN_YIELDS === 0) yield
    }
    return facts
  },
  newestNs: (key) => newestNs(state, state.tenants.get(name)?.streams.get(key)),
  activeStreams: () => activeStreams(state, name),
})

type Blocks = { blocks: Block[]; sealed: Block[] }
type Found = SelectedStream & Blocks & { key: string }

/** Streams whose blocks are looked up between two yields: less than a millisecond, unless they have many. */
const STREAMS_BETWEEN_YIELDS = 256

/**
 * Each stream is seen as it is when it is looked up: one that is pushed to, sealed or deleted meanwhile is whole,
 * before or after.
 */
function* select(
  state: State,
  name: string,
  matchers: readonly Matcher[],
  fromNs: bigint,
  toNs: bigint,
): Generator<void, Found[]> {
  const tenant = state.tenants.get(name)
  if (tenant === undefined) return []
  const result: Found[] = []
  let looked = 0
  for (const stream of yield* matching(tenant, matchers)) {
    const from = fromNs > state.oldestNs ? fromNs : state.oldestNs
    const found = blocksOf(state, stream, from, toNs)
    if (found.blocks.length > 0) result.push({ key: stream.key, labels: stream.labels, ...found })
    if (++looked % STREAMS_BETWEEN_YIELDS === 0) yield
  }
  return result
}

/** The blocks that reach into [fromNs, toNs], in the order of their first entries, and those in segments alone. */
function blocksOf(state: State, stream: Stream, fromNs: bigint, toNs: bigint): Blocks {
  const sealed: Block[] = []
  const recent: Block[] = []
  const reaches = ({ firstNs, lastNs }: Pick<Block, 'firstNs' | 'lastNs'>) =>
    lastNs >= fromNs && firstNs <= toNs
  for (const part of stream.segments)
    if (reaches(part.segment))
      for (const stored of blocksIn(part, state.files))
        if (reaches(stored.facts)) sealed.push(without(asBlock(stored, state.caches), state.oldestNs))
  for (const { full, open } of stream.heads) {
    for (const stored of full) if (reaches(stored.facts)) recent.push(asBlock(stored, state.caches))
    for (const block of open) {
      const now = arrivedAsBlock(arrivedIn(block), block.latest)
      if (reaches(now)) recent.push(now)
    }
  }
  const blocks = [...sealed, ...recent.map((block) => without(block, state.oldestNs))].sort(byFirstNs)
  return { blocks, sealed }
}

const without = (block: Block, oldestNs: bigint): Block =>
  block.firstNs < oldestNs ? since(block, oldestNs) : block

const byFirstNs = (a: Block, b: Block): number => (a.firstNs < b.firstNs ? -1 : a.firstNs > b.firstNs ? 1 : 0)

function* blocksIn(
  { segment, firstBlock, blocks }: SegmentPart,
  files: OpenFiles,
): Generator<StoredBlock, undefined> {
  for (let index = firstBlock; index < firstBlock + blocks; index++) yield blockIn(segment, index, files)
}

function factsOf({ key, labels, blocks, sealed }: Found): StreamFacts {
  const facts = {
    key,
    labels,
    entries: 0,
    bytes: 0,
    firstNs: blocks[0]?.firstNs ?? 0n,
    lastNs: 0n,
    sealed: { blocks: sealed.length, entries: 0, bytes: 0 },
  }
  for (const { count, bytes } of sealed) {
    facts.sealed.entries += count
    facts.sealed.bytes += bytes
  }
  for (const { count, bytes, lastNs } of blocks) {
    facts.entries += count
    facts.bytes += bytes
    if (lastNs > facts.lastNs || facts.entries === count) facts.lastNs = lastNs
  }
  return facts
}

function newestNs({ oldestNs }: State, stream: Stream | undefined): bigint | undefined {
  let newest = stream?.sealedNewestNs
  for (const part of stream?.heads ?? []) {
    const ns = newestNsOf(part)
    if (ns !== undefined && (newest === undefined || ns > newest)) newest = ns
  }
  return newest === undefined || newest < oldestNs ? undefined : newest
}

function activeStreams({ tenants, options }: State, name: string): number {
  const since = options.nowMs() - ACTIVE_MS
  let active = 0
  for (const { writtenMs } of tenants.get(name)?.streams.values() ?? []) if (writtenMs >= since) active++
  return active
}
