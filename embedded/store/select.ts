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
  streams: (matchers, fromNs, toNs) => select(state, name, matchers, fromNs, toNs).map(factsOf),
  newestNs: (key) => newestNs(state, state.tenants.get(name)?.streams.get(key)),
  activeStreams: () => activeStreams(state, name),
})

type Found = SelectedStream & { key: string }

function select(
  state: State,
  name: string,
  matchers: readonly Matcher[],
  fromNs: bigint,
  toNs: bigint,
): Found[] {
  const tenant = state.tenants.get(name)
  if (tenant === undefined) return []
  const from = fromNs > state.oldestNs ? fromNs : state.oldestNs
  return matching(tenant, matchers).flatMap((stream) => {
    const blocks = blocksOf(state, stream, from, toNs)
    return blocks.length === 0 ? [] : [{ key: stream.key, labels: stream.labels, blocks }]
  })
}

/** The blocks that reach into [fromNs, toNs], in the order of their first entries. */
function blocksOf(state: State, stream: Stream, fromNs: bigint, toNs: bigint): Block[] {
  const blocks: Block[] = []
  const reaches = ({ firstNs, lastNs }: Pick<Block, 'firstNs' | 'lastNs'>) =>
    lastNs >= fromNs && firstNs <= toNs
  for (const part of stream.segments)
    if (reaches(part.segment))
      for (const stored of blocksIn(part, state.files))
        if (reaches(stored.facts)) blocks.push(asBlock(stored, state.caches))
  for (const { full, open } of stream.heads) {
    for (const stored of full) if (reaches(stored.facts)) blocks.push(asBlock(stored, state.caches))
    for (const block of open) {
      const now = arrivedAsBlock(arrivedIn(block), block.latest)
      if (reaches(now)) blocks.push(now)
    }
  }
  return blocks.map((block) => without(block, state.oldestNs)).sort(byFirstNs)
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

function factsOf({ key, labels, blocks }: Found): StreamFacts {
  const facts = { key, labels, entries: 0, bytes: 0, firstNs: blocks[0]?.firstNs ?? 0n, lastNs: 0n }
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
