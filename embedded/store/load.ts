import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder } from './disk.ts'
import { closeBlocks, headStreamOf, openFor } from './head.ts'
import { createLog, logPath, openLog } from './log-file.ts'
import { definitionOf, type LoggedEntry, readRecord } from './log-record.ts'
import { add, offsetOf } from './open-block.ts'
import { openSegment, segmentPath } from './segment.ts'
import { DRAFT_SUFFIX } from './segment-writer.ts'
import { addSegment } from './segments.ts'
import { type Head, type State } from './state.ts'
import { streamOf, tenantOf } from './streams.ts'

/**
 * Finds what is in the folder, whatever moment the last process was killed at: a draft is nothing yet, a
 * segment replaces the log of its number, every other log is read again.
 */
export function load(state: State): void {
  const { folder } = state
  const names = readdirSync(folder)
  for (const name of names) if (name.endsWith(DRAFT_SUFFIX)) rmSync(join(folder, name))
  const segments = numbersIn(names, 'segment')
  const logs = numbersIn(names, 'log')
  for (const number of segments) {
    const { segment, streams } = openSegment(segmentPath(folder, number), number, state.keys.next)
    addSegment(state, segment, streams)
  }
  const replaced = logs.filter((number) => segments.includes(number))
  if (replaced.length > 0) syncFolder(folder)
  for (const number of replaced) rmSync(logPath(folder, number))
  for (const number of logs) if (!replaced.includes(number)) addLog(state, number)
  if (state.heads.length > 0) return
  const number = 1 + Math.max(0, ...segments.slice(-1), ...logs.slice(-1))
  state.heads.push({ log: createLog(folder, number), streams: new Map() })
}

/** The numbers of the files of a kind, ascending. */
const numbersIn = (names: readonly string[], kind: string): number[] =>
  names
    .filter((name) => name.startsWith(`${kind}-`) && /^\d+$/.test(name.slice(kind.length + 1)))
    .map((name) => Number(name.slice(kind.length + 1)))
    .sort((a, b) => a - b)

function addLog(state: State, number: number): void {
  const { log, payloads } = openLog(state.folder, number, state.options.onNotice)
  const head: Head = { log, streams: new Map() }
  state.heads.push(head)
  for (const payload of payloads)
    readRecord(payload, (tenant, definition) => intoStream(state, head, tenant, definition))
  for (const part of head.streams.values()) closeBlocks(part, state.keys)
}

/** What takes the entries of a stream again. */
function intoStream(
  state: State,
  head: Head,
  tenant: string,
  definition: Buffer,
): (entry: LoggedEntry) => void {
  const { key, labels } = definitionOf(definition)
  const stream = streamOf(tenantOf(state, tenant), key, () => labels)
  const part = headStreamOf(head, stream)
  stream.writtenMs = state.options.nowMs()
  return ({ seconds, nanos, line, metadata }) => {
    const block = openFor(part, seconds, nanos)
    add(block, offsetOf(block, seconds, nanos), line, metadata)
  }
}
