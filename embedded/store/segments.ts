import { labelsOfPairs } from './lines.ts'
import { deleteFiles } from './open-files.ts'
import { type Segment, type SegmentStream } from './segment.ts'
import { readSlot } from './slot.ts'
import { type Head, type State } from './state.ts'
import { removeStream, streamOf, tenantOf } from './streams.ts'

/** Makes a segment part of what queries read. It must be newer than those that are there. */
export function addSegment(state: State, segment: Segment, streams: readonly SegmentStream[]): void {
  state.segments.push(segment)
  let firstBlock = 0
  for (const [tenant, key, pairs, blocks] of streams) {
    const stream = streamOf(tenantOf(state, tenant), key, () => labelsOfPairs(pairs))
    stream.segments.push({ segment, firstBlock, blocks })
    for (let index = firstBlock; index < firstBlock + blocks; index++) {
      const { lastNs } = readSlot(segment.slots, index)
      if (stream.sealedNewestNs === undefined || lastNs > stream.sealedNewestNs)
        stream.sealedNewestNs = lastNs
    }
    firstBlock += blocks
  }
  state.keys.next += firstBlock
}

/** Takes a head out of what queries read. */
export function removeHead(state: State, head: Head): void {
  state.heads = state.heads.filter((other) => other !== head)
  for (const part of head.streams.values())
    part.stream.heads = part.stream.heads.filter((other) => other !== part)
}

/** Deletes the segments that only have entries before that time. */
export function deleteSegments(state: State, oldestNs: bigint): void {
  const expired = new Set(state.segments.filter(({ lastNs }) => lastNs < oldestNs))
  if (expired.size > 0) {
    state.segments = state.segments.filter((segment) => !expired.has(segment))
    for (const tenant of [...state.tenants.values()]) {
      for (const stream of [...tenant.streams.values()]) {
        stream.segments = stream.segments.filter(({ segment }) => !expired.has(segment))
        if (stream.segments.length === 0 && stream.heads.length === 0) removeStream(tenant, stream)
      }
      if (tenant.streams.size === 0) state.tenants.delete(tenant.name)
    }
  }
  deleteFiles(
    state.files,
    Array.from(expired, ({ file }) => file),
  )
}
