import { reasonOf } from '../../service/errors.ts'
import { closeBlocks, currentHead, headStreamOf, openFor } from './head.ts'
import { metadataText } from './lines.ts'
import { createLog, writeRecord } from './log-file.ts'
import { endStream, finishRecord, putEntry, startRecord, startStream } from './log-record.ts'
import { add, isDouble, type Mark, markOf, type OpenBlock, offsetOf, restore } from './open-block.ts'
import { sealForRoom, startSealing } from './sealing.ts'
import { type Head, type HeadStream, type State, type Tenant } from './state.ts'
import { type NewEntry, type NewStream } from './store.ts'
import { removeStream, streamOf, tenantOf } from './streams.ts'

/** Heads that may wait to become segments before pushes have to: it bounds the memory. */
const MAX_WAITING = 2
/** The seconds of the times that fit 64 bits of nanoseconds: the years 1678 to 2262. */
const MAX_SECONDS = 9_223_372_035

/** What a push changed in one stream, to take it back. */
type Touched = { part: HeadStream; marks: { block: OpenBlock; mark: Mark }[] }

/** See `Store.append`. */
export function append(state: State, name: string, streams: readonly NewStream[]): void {
  if (state.isClosed) throw new Error('the store is closed')
  makeRoom(state)
  const head = currentHead(state)
  const tenant = tenantOf(state, name)
  const touched: Touched[] = []
  let stored: NewStream[]
  try {
    startRecord(state.record, name)
    stored = streams.map((stream) => addStream(state, head, tenant, stream, touched))
    if (stored.some(({ entries }) => entries.length > 0))
      writeRecord(head.log, finishRecord(state.record, head.log.salt))
  } catch (error) {
    takeBack(head, tenant, touched)
    throw error
  } finally {
    if (tenant.streams.size === 0) state.tenants.delete(name)
  }
  for (const { part } of touched) closeBlocks(part, state.keys)
  tell(state, name, stored)
}

/** Starts a new log when the current one is full, and has full ones sealed. */
function makeRoom(state: State): void {
  if (currentHead(state).log.size >= state.options.logBytes) {
    if (state.heads.length > MAX_WAITING) sealForRoom(state)
    rotate(state)
  }
  startSealing(state)
}

/** Starts a new log; the current head waits to become a segment. Throws DISK_FULL or PATH_NOT_WRITABLE. */
export function rotate(state: State): void {
  const log = createLog(state.folder, currentHead(state).log.number + 1)
  state.heads.push({ log, streams: new Map() })
}

/** Adds the entries to the head and to the record; returns those that were not there yet. */
function addStream(
  state: State,
  head: Head,
  tenant: Tenant,
  { key, labels, entries }: NewStream,
  touched: Touched[],
): NewStream {
  const stored: NewEntry[] = []
  if (entries.length === 0) return { key, labels, entries: stored }
  const stream = streamOf(tenant, key, () => labels)
  const part = headStreamOf(head, stream)
  touched.push({ part, marks: part.open.map((block) => ({ block, mark: markOf(block) })) })
  const { record } = state
  const start = record.length
  const countAt = startStream(record, stream.definition)
  for (const entry of entries) {
    const { seconds, nanos, line } = entry
    checkTime(seconds, nanos)
    const block = openFor(part, seconds, nanos)
    const offset = offsetOf(block, seconds, nanos)
    const metadata = metadataText(entry.metadata)
    if (isDouble(block, offset, line, metadata)) continue
    add(block, offset, line, metadata)
    putEntry(record, entry, metadata)
    stored.push(entry)
  }
  if (stored.length === 0) record.length = start
  else endStream(record, countAt, stored.length)
  stream.writtenMs = state.options.nowMs()
  return { key, labels, entries: stored }
}

function checkTime(seconds: number, nanos: number): void {
  const isTime = Number.isInteger(seconds) && Math.abs(seconds) <= MAX_SECONDS
  if (!isTime || !Number.isInteger(nanos) || nanos < 0 || nanos > 999_999_999)
    throw new RangeError(`not a time that can be stored: ${seconds} s and ${nanos} ns`)
}

/** Leaves nothing of a push in memory. */
function takeBack(head: Head, tenant: Tenant, touched: readonly Touched[]): void {
  for (const { part, marks } of touched.toReversed()) {
    for (const { block, mark } of marks) restore(block, mark)
    part.open = marks.map(({ block }) => block)
    if (part.open.length > 0 || part.full.length > 0) continue
    const { stream } = part
    head.streams.delete(stream)
    stream.heads = stream.heads.filter((other) => other !== part)
    if (stream.heads.length === 0 && stream.segments.length === 0) removeStream(tenant, stream)
  }
}

function tell(state: State, tenant: string, streams: readonly NewStream[]): void {
  const stored = streams.filter(({ entries }) => entries.length > 0)
  if (stored.length === 0) return
  for (const listener of state.listeners)
    try {
      listener(tenant, stored)
    } catch (error) {
      state.options.onNotice(`Somebody who follows the logs failed: ${reasonOf(error)}`)
    }
}
