import { z } from 'zod'
import { type KafkaSettings } from '../kafka/config.ts'
import { type LokiSettings } from '../loki/config.ts'
import { type Logger } from '../service/log.ts'
import { flag, integer, optionalInteger, optionalText, port } from '../service/settings.ts'
import { METADATA_PARTS } from './project/metadata.ts'

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
  SHIPPER_INSTANCE_ID: optionalText.describe(
    'name of this shipper as a static member of its group (`group.instance.id`), another for each: started anew within the session timeout it keeps its partitions, and nothing moves',
  ),
  SHIPPER_MAX_LINE_BYTES: optionalInteger(64, 1_000_000_000).describe(
    'longest line that Loki takes from this tenant, in bytes, where its /config does not tell (`max_line_size`)',
  ),
  SHIPPER_MAX_LABELS: optionalInteger(1, 1_000).describe(
    'most labels that a stream may have, where Loki’s /config does not tell (`max_label_names_per_series`)',
  ),
  SHIPPER_MAX_LABEL_BYTES: optionalInteger(1, 1_000_000).describe(
    'longest value of a label, in bytes, where Loki’s /config does not tell (`max_label_value_length`)',
  ),
  SHIPPER_MAX_AGE_HOURS: optionalInteger(1, 1_000_000).describe(
    'how old a log may be, in hours, where Loki’s /config does not tell (`reject_old_samples_max_age`)',
  ),
  SHIPPER_MAX_LABEL_VALUES: integer(1, 1_000_000, 2_000).describe(
    'how many values a label may have; further ones become structured metadata of the same name',
  ),
  SHIPPER_METADATA: z
    .string()
    .default('')
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.enum(METADATA_PARTS)))
    .describe(
      'what of the Kafka record to keep beside each line as structured metadata, separated by commas: `key`, `headers`, `partition`, `offset`',
    ),
  SHIPPER_TENANT_FIELD: optionalText.describe(
    'field of the log that names its Loki tenant; LOKI_TENANT_ID for logs without it',
  ),
  SHIPPER_TRUNCATE_LINES: flag(false).describe(
    'cut lines that are too long for Loki, with a mark at their end, instead of setting them aside',
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

/** What a shipper is told: its own settings, where Kafka and Loki are, and where it logs. */
export type Shipper = { settings: ShipperSettings; kafka: KafkaSettings; loki: LokiSettings; logger: Logger }
