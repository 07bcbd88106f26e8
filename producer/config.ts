import { z } from 'zod'
import { aliasesSchema, statesSchema } from '../log/aliases.ts'
import { DEFAULT_LOGS_URI } from '../log/names.ts'
import { integer } from '../service/settings.ts'

/** The producer's own settings; Kafka's stand beside theirs, S3's are the AWS SDK's. */
export const producerSettings = z.object({
  LOGS_URI: z
    .string()
    .min(1)
    .default(DEFAULT_LOGS_URI)
    .describe('what `vigie replay` reads: `s3://bucket/key`, a prefix ending in `/`, or a local path'),
  // 64 KB and 100 ms are the Crypto Viz seed's values for a batch producer.
  PRODUCER_BATCH_BYTES: integer(1_024, 900_000, 65_536).describe(
    'batch per partition, in bytes before compression; Kafka takes 1 MB at most by default',
  ),
  PRODUCER_LINGER_MS: integer(0, 60_000, 100).describe(
    'how long a slow replay waits for a batch to fill, in ms',
  ),
  RECORD_MAX_BYTES: integer(1_024, 900_000, 262_144).describe(
    'largest record in bytes; Loki’s default limit for a line is 256 KB',
  ),
})
export type ProducerSettings = z.infer<typeof producerSettings>

/** What `vigie.yaml` may say to the producer. */
export const producerYaml = {
  aliases: aliasesSchema.optional(),
  states: statesSchema.optional(),
}
