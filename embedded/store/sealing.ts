import { closeSync, fsync, fsyncSync, renameSync, rmSync } from 'node:fs'
import { reasonOf } from '../../service/errors.ts'
import { diskError, syncFolder, syncFolderSoon } from './disk.ts'
import { closeLog, removeLog } from './log-file.ts'
import { openSegment, segmentPath } from './segment.ts'
import { createDraft, writeSegment } from './segment-writer.ts'
import { addSegment, removeHead } from './segments.ts'
import { type Sealing, type State } from './state.ts'

/** How long a slice of the writing may take: pushes wait no longer for it. */
const SLICE_MS = 3
/** Sealing that failed is tried again with the first push after that time. */
const AGAIN_MS = 1000

/** Begins to seal the oldest head that waits, in slices between other work. Failures go to `onNotice`. */
export function startSealing(state: State): void {
  if (state.sealing !== undefined || state.heads.length < 2) return
  if (recentFailure(state) !== undefined) return
  attempt(state, () => {
    const sealing = begin(state)
    if (sealing !== undefined) setImmediate(writeSlice, state, sealing)
  })
}

/**
 * Seals the oldest head, or ends what was begun, before it returns. Throws DISK_FULL or PATH_NOT_WRITABLE; the head
 * and its log then stay as they were.
 */
export function sealNow(state: State): void {
  try {
    const sealing = state.sealing ?? begin(state)
    if (sealing === undefined) return
    if (sealing.step === 'writing') for (const _ of sealing.writer);
    if (sealing.step !== 'named') {
      fsyncSync(sealing.draft.fd)
      giveName(state, sealing)
    }
    syncFolder(state.folder)
    end(state, sealing)
  } catch (error) {
    throw fail(state, error)
  }
}

/**
 * Seals a head before more is added. Throws as `sealNow` does; after a failure at once, until it is time to try again.
 */
export function sealForRoom(state: State): void {
  const failure = recentFailure(state)
  if (failure !== undefined) throw failure.error
  sealNow(state)
}

const recentFailure = ({ sealFailure, options }: State): State['sealFailure'] =>
  sealFailure !== undefined && options.nowMs() < sealFailure.againMs ? sealFailure : undefined

function begin(state: State): Sealing | undefined {
  const [head] = state.heads
  if (head === undefined) return undefined
  if (head.streams.size === 0) {
    removeHead(state, head)
    removeLog(head.log)
    return undefined
  }
  const draft = createDraft(state.folder, head.log.number)
  const writer = writeSegment(draft, head, state.keys)
  state.sealing = { head, draft, writer, step: 'writing', isBusy: false }
  return state.sealing
}

function writeSlice(state: State, sealing: Sealing): void {
  if (state.sealing !== sealing || sealing.step !== 'writing') return
  attempt(state, () => {
    const until = performance.now() + SLICE_MS
    while (performance.now() < until)
      if (sealing.writer.next().done) {
        syncSoon(state, sealing)
        return
      }
    setImmediate(writeSlice, state, sealing)
  })
}

function syncSoon(state: State, sealing: Sealing): void {
  sealing.step = 'syncing'
  sealing.isBusy = true
  fsync(sealing.draft.fd, (error) => {
    sealing.isBusy = false
    if (state.sealing !== sealing || sealing.step !== 'syncing') closeSync(sealing.draft.fd)
    else
      attempt(state, () => {
        if (error) throw error
        giveName(state, sealing)
        syncFolderSoon(state.folder, (error) => {
          if (state.sealing !== sealing) return
          attempt(state, () => {
            if (error) throw error
            end(state, sealing)
          })
        })
      })
  })
}

/** The draft becomes a segment: from now on queries read it, and so does a store that is opened. */
function giveName(state: State, sealing: Sealing): void {
  const { number } = sealing.head.log
  const file = segmentPath(state.folder, number)
  const { segment, streams } = openSegment(sealing.draft.file, number, state.keys.next)
  renameSync(sealing.draft.file, file)
  sealing.step = 'named'
  addSegment(state, { ...segment, file }, streams)
  removeHead(state, sealing.head)
  closeDraft(sealing)
}

function end(state: State, sealing: Sealing): void {
  state.sealing = undefined
  removeLog(sealing.head.log)
  startSealing(state)
}

function closeDraft({ isBusy, draft }: Sealing): void {
  if (!isBusy) closeSync(draft.fd)
}

function attempt(state: State, work: () => void): void {
  try {
    work()
  } catch (error) {
    fail(state, error)
  }
}

/**
 * Gives up for now, and returns why. What has its name already stays; its log is deleted at the next opening.
 */
function fail(state: State, cause: unknown): unknown {
  const { sealing } = state
  state.sealing = undefined
  const error = diskError(cause, state.folder)
  state.sealFailure = { error, againMs: state.options.nowMs() + AGAIN_MS }
  if (sealing?.step === 'named') closeLog(sealing.head.log)
  else if (sealing !== undefined) {
    closeDraft(sealing)
    rmSync(sealing.draft.file, { force: true })
  }
  state.options.onNotice(
    `The log could not be made a segment, its entries stay in the log: ${reasonOf(error)}`,
  )
  return error
}
