import { type Head, type Keys } from './head.ts'
import { type LogRecord } from './log-record.ts'
import { type OpenFiles } from './open-files.ts'
import { type Caches } from './read.ts'
import { type Sealing } from './sealing.ts'
import { type Segment } from './segment.ts'
import { type Listener } from './store.ts'
import { createTenant, type Tenant } from './streams.ts'

/** How a store behaves; each has a default. */
export type StoreOptions = {
  /** Told in a sentence what was put right, or could not be done, without anybody losing anything acknowledged. */
  onNotice: (message: string) => void
  /** A log of that many bytes becomes a segment. So many are read again at most twice when the store is opened. */
  logBytes: number
  /** How often the log is forced to the disk; 0 for never. */
  syncSeconds: number
  /** Ms since 1970. */
  nowMs: () => number
}

/** An open store. */
export type State = {
  folder: string
  options: StoreOptions
  tenants: Map<string, Tenant>
  segments: Segment[]
  /** The oldest first, never empty; the last one is added to. */
  heads: Head[]
  sealing: Sealing | undefined
  /** When sealing may be tried again after it failed, ms since 1970. */
  sealAgainMs: number
  /** Entries before are left out of answers. */
  oldestNs: bigint
  files: OpenFiles
  caches: Caches
  keys: Keys
  record: LogRecord
  listeners: Set<Listener>
  isClosed: boolean
}

/** The head that is added to. */
export function currentHead(state: State): Head {
  const head = state.heads.at(-1)
  if (head === undefined) throw new Error('the store is closed')
  return head
}

/** The streams of a tenant, made when there are none. */
export function tenantOf(state: State, name: string): Tenant {
  const known = state.tenants.get(name)
  if (known !== undefined) return known
  const tenant = createTenant(name)
  state.tenants.set(name, tenant)
  return tenant
}
