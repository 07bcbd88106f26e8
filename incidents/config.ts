import { z } from 'zod'
import { TRACKER_GROUP } from '../log/names.ts'
import { integer, port } from '../service/settings.ts'

/** The tracker's own settings; Kafka's and the logger's stand beside theirs. */
export const trackerSettings = z.object({
  TRACKER_GROUP_ID: z
    .string()
    .min(1)
    .default(TRACKER_GROUP)
    .describe("the tracker's consumer group; its transactional ids begin with it, too"),
  TRACKER_SESSION_TIMEOUT_MS: integer(6_000, 300_000, 6_000).describe(
    'how long a killed tracker keeps its partitions, in ms; Kafka’s own minimum is 6000',
  ),
  TRACKER_METRICS_PORT: port(9998).describe(
    'port of the tracker’s /healthz, /readyz and /metrics, on METRICS_HOST; 0 takes a free one',
  ),
})
export type TrackerSettings = z.infer<typeof trackerSettings>
