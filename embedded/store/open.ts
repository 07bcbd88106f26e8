import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { append, rotate } from './append.ts'
import { diskError } from './disk.ts'
import { currentHead, newestNsOf } from './head.ts'
import { load } from './load.ts'
import { takeLock } from './lock.ts'
import { closeLog, syncLog } from './log-file.ts'
import { createRecord } from './log-record.ts'
import { closeFiles, createOpenFiles } from './open-files.ts'
import { createCaches } from './read.ts'
import { sealNow, startSealing } from './sealing.ts'
import { deleteSegments } from './segments.ts'
import { tenantStore } from './select.ts'
import { type State, type StoreOptions } from './state.ts'
import { type Store } from './store.ts'

const DEFAULTS: StoreOptions = {
  onNotice: () => undefined,
  logBytes: 16 * 1024 * 1024,
  syncSeconds: 1,
  nowMs: Date.now,
}
/** The first time there is: that of 64 bits of nanoseconds. */
const FIRST_NS = -(2n ** 63n)

/**
 * Opens the store in a folder, which is made when it is not there. Everything that was acknowledged is there,
 * also when the last process was killed; after a power failure, what was acknowledged in about the last
 * `syncSeconds` may be missing. Throws STORE_IN_USE, STORE_DAMAGED, DISK_FULL and PATH_NOT_WRITABLE.
 */
export function openStore(folder: string, options: Partial<StoreOptions> = {}): Store {
  makeFolder(folder)
  const unlock = takeLock(folder)
  const state = emptyState(folder, { ...DEFAULTS, ...options })
  try {
    load(state)
  } catch (error) {
    closeFilesOf(state)
    unlock()
    throw error
  }
  startSealing(state)
  const timer = syncRegularly(state)
  return {
    append: (tenant, streams) => append(state, tenant, streams),
    tenant: (name) => (state.tenants.has(name) ? tenantStore(state, name) : undefined),
    tenants: () => [...state.tenants.keys()],
    listen(listener) {
      state.listeners.add(listener)
      return () => state.listeners.delete(listener)
    },
    retain: (oldestNs) => retain(state, oldestNs),
    close() {
      if (state.isClosed) return
      state.isClosed = true
      clearInterval(timer)
      sealAll(state)
      closeFilesOf(state)
      unlock()
    },
  }
}

/** One by one: Node's own `recursive` never ends below a folder that cannot have others, such as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw diskError(error, folder)
  }
}

const emptyState = (folder: string, options: StoreOptions): State => ({
  folder,
  options,
  tenants: new Map(),
  segments: [],
  heads: [],
  sealing: undefined,
  sealFailure: undefined,
  oldestNs: FIRST_NS,
  files: createOpenFiles(),
  caches: createCaches(),
  keys: { next: 0 },
  record: createRecord(),
  listeners: new Set(),
  isClosed: false,
})

function syncRegularly(state: State): NodeJS.Timeout | undefined {
  const { syncSeconds, onNotice } = state.options
  if (syncSeconds <= 0) return undefined
  const sync = () => syncLog(currentHead(state).log, onNotice)
  return setInterval(sync, syncSeconds * 1000).unref()
}

/** See `Store.retain`. A log of which nothing is to be kept becomes a segment: the next call deletes it. */
function retain(state: State, oldestNs: bigint): void {
  if (oldestNs > state.oldestNs) state.oldestNs = oldestNs
  deleteSegments(state, state.oldestNs)
  const { streams } = currentHead(state)
  const isKept = [...streams.values()].some((part) => (newestNsOf(part) ?? oldestNs) >= state.oldestNs)
  if (streams.size > 0 && !isKept) rotate(state)
  startSealing(state)
}

/** Leaves nothing in logs, where the disk takes it; the reason why not is told to `onNotice`. */
function sealAll(state: State): void {
  while (state.heads.length > 0 || state.sealing !== undefined)
    try {
      sealNow(state)
    } catch {
      return // It was told, and the next opening reads the logs again.
    }
}

function closeFilesOf(state: State): void {
  for (const { log } of state.heads) closeLog(log)
  closeFiles(state.files)
}
