import { type Limits, type StoreConfig } from '../config.ts'
import { type Store } from '../store/store.ts'
import { createIdentities, type Identities } from './identity.ts'
import { type Bucket } from './rate.ts'

/** What is remembered between pushes: rates by tenant and by stream, and the streams' labels. */
export type PushState = {
  store: Store
  limits: Limits
  /** How far behind the newest entry of its stream one may be. */
  outOfOrderMs: number
  identities: Identities
  tenantBuckets: Map<string, Bucket>
  streamBuckets: Map<string, Bucket>
}

export const createPushState = (store: Store, { limits_config, ingester }: StoreConfig): PushState => ({
  store,
  limits: limits_config,
  outOfOrderMs: limits_config.unordered_writes ? ingester.max_chunk_age / 2 : 0,
  identities: createIdentities(limits_config),
  tenantBuckets: new Map(),
  streamBuckets: new Map(),
})
