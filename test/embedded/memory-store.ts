import { type Listener, type NewEntry, type Store } from '../../embedded/store/store.ts'
import { type Matcher } from '../../logql/ast.ts'
import { compileMatchers } from '../../logql/matchers.ts'
import { blockOf, type Labels } from '../../logql/source.ts'

type Stored = { timeNs: bigint; line: string; metadata: Labels | undefined }
type Stream = { labels: Labels; entries: Stored[] }

const nsOf = ({ seconds, nanos }: NewEntry): bigint => BigInt(seconds) * 1_000_000_000n + BigInt(nanos)

/** A store in memory, as small as it can be: each stream is one block, made anew for each question. */
export function memoryStore(): Store {
  const tenants = new Map<string, Map<string, Stream>>()
  const listeners = new Set<Listener>()
  return {
    append(tenant, streams) {
      const known = tenants.get(tenant) ?? new Map<string, Stream>()
      tenants.set(tenant, known)
      for (const { key, labels, entries } of streams) {
        const stream = known.get(key) ?? { labels, entries: [] }
        known.set(key, stream)
        for (const entry of entries) {
          const added = { timeNs: nsOf(entry), line: entry.line.toString('utf8'), metadata: entry.metadata }
          const isThere = stream.entries.some(
            ({ timeNs, line }) => timeNs === added.timeNs && line === added.line,
          )
          if (!isThere) stream.entries.push(added)
        }
        stream.entries.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0))
      }
      for (const listener of listeners) listener(tenant, streams)
    },
    tenant(name) {
      const known = tenants.get(name)
      if (known === undefined) return undefined
      const facts = (matchers: readonly Matcher[], fromNs: bigint, toNs: bigint) => {
        const matches = compileMatchers(matchers)
        return [...known].flatMap(([key, { labels, entries }]) => {
          const block = blockOf(entries)
          const isThere = matches(labels) && block.firstNs <= toNs && block.lastNs >= fromNs
          return isThere ? [{ key, labels, block }] : []
        })
      }
      return {
        *select(matchers, fromNs, toNs) {
          yield
          return facts(matchers, fromNs, toNs).map(({ labels, block }) => ({ labels, blocks: [block] }))
        },
        *streams(matchers, fromNs, toNs) {
          yield
          return facts(matchers, fromNs, toNs).map(({ key, labels, block }) => ({
            key,
            labels,
            entries: block.count,
            bytes: block.bytes,
            firstNs: block.firstNs,
            lastNs: block.lastNs,
            sealed: { blocks: 0, entries: 0, bytes: 0 },
          }))
        },
        newestNs: (key) => known.get(key)?.entries.at(-1)?.timeNs,
        activeStreams: () => known.size,
      }
    },
    tenants: () => [...tenants.keys()],
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    retain() {},
    close() {},
  }
}
