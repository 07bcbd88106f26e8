import { afterAll, beforeAll } from '@jest/globals'
import { type LokiSettings } from '../../loki/config.ts'
import { startThrowawayLoki, type ThrowawayLoki } from '../../stack/throwaway.ts'
import { context } from './harness.ts'

/** Starts an empty Loki with tenants for the tests of a file, and ends it after them. Returns its settings as a tenant. */
export function ownLoki(): (tenant: string) => LokiSettings {
  let own: ThrowawayLoki
  beforeAll(async () => {
    own = await startThrowawayLoki(context, new AbortController().signal)
  })
  afterAll(() => own.stop())
  return (tenant) => ({ ...own.loki, LOKI_TENANT_ID: tenant })
}
