import { z } from 'zod'
import { flag, integer, port } from '../service/settings.ts'

/** The shipper's own settings; Kafka's, Loki's and the logger's stand beside theirs. */
export const shipperSettings = z.object({
  SHIPPER_BATCH_BYTES: integer(1_024, 4_000_000, 1_048_576).describe(
    'largest push to Loki in bytes before compression; Loki’s default burst is 6 MB',
  ),
  SHIPPER_PUSH_TIMEOUT_MS: integer(100, 300_000, 10_000).describe(
    'how long one push may take, in ms, before it is tried again',
  ),
  SHIPPER_SESSION_TIMEOUT_MS: integer(6_000, 300_000, 6_000).describe(
    'how long a killed shipper keeps its partitions, in ms; Kafka’s own minimum is 6000',
  ),
  SHIPPER_SIDE_TOPICS: flag(true).describe(
    'also ship incidents, rejected records and dead letters; the same for all shippers of a group',
  ),
  METRICS_HOST: z.string().default('127.0.0.1').describe('address of the health and metrics servers'),
  METRICS_PORT: port(9999).describe(
    'port of the shipper’s /healthz, /readyz and /metrics; 0 takes a free one',
  ),
})
export type ShipperSettings = z.infer<typeof shipperSettings>
