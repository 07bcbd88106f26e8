import { parseDocument, stringify } from 'yaml'
import { z } from 'zod'
import { reasonOf, vigieError } from '../service/errors.ts'
import { problemsOf } from '../service/settings.ts'
import { durationMs, durationText, sizeBytes, sizeText } from './units.ts'

/** A value with a unit: text or number in the file, a number in the program. */
const quantity = (
  read: (text: string) => number | undefined,
  write: (value: number) => string,
  expected: string,
) =>
  z.codec(z.union([z.string(), z.number()]), z.number().nonnegative(), {
    decode(given, context) {
      const value = read(String(given))
      if (value !== undefined) return value
      context.issues.push({ code: 'custom', input: given, message: expected })
      return z.NEVER
    },
    encode: write,
  })

const duration = (fallbackMs: number) =>
  quantity(durationMs, durationText, 'a duration such as 5m').default(fallbackMs)
const size = (fallbackBytes: number) =>
  quantity(sizeBytes, sizeText, 'a size such as 256KB').default(fallbackBytes)
const count = (fallback: number) => z.number().int().nonnegative().default(fallback)

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const KIB = 1_024
const MIB = 1_024 * KIB

/**
 * What the embedded store reads of Loki's configuration, under Loki's names and with the defaults of Loki
 * 3.7 (its configuration reference), and `max_tenants`, which only this store has. Durations are in ms, sizes in bytes; a limit of 0 is none.
 * Keys that are not here are Loki's own affair and are left unread.
 */
export const configSchema = z.object({
  auth_enabled: z.boolean().default(true),
  server: z
    .object({
      http_listen_address: z.string().optional(),
      http_listen_port: count(3_100),
    })
    .prefault({}),
  distributor: z.object({ max_recv_msg_size: size(100 * MIB) }).prefault({}),
  ingester: z.object({ max_chunk_age: duration(2 * HOUR) }).prefault({}),
  querier: z.object({ max_concurrent: count(4) }).prefault({}),
  compactor: z.object({ retention_enabled: z.boolean().default(false) }).prefault({}),
  limits_config: z
    .object({
      ingestion_rate_mb: z.number().nonnegative().default(4),
      ingestion_burst_size_mb: z.number().nonnegative().default(6),
      max_label_name_length: count(1_024),
      max_label_value_length: count(2_048),
      max_label_names_per_series: count(15),
      reject_old_samples: z.boolean().default(true),
      reject_old_samples_max_age: duration(7 * DAY),
      creation_grace_period: duration(10 * MINUTE),
      max_line_size: size(256 * KIB),
      max_line_size_truncate: z.boolean().default(false),
      allow_structured_metadata: z.boolean().default(true),
      max_structured_metadata_size: size(64 * KIB),
      max_structured_metadata_entries_count: count(128),
      max_global_streams_per_user: count(5_000),
      // Not Loki's: with 20,000 tenants of a line each the process took 182 MB, and a scrape of its metrics 3 MB.
      max_tenants: count(1_000),
      per_stream_rate_limit: size(3 * MIB),
      per_stream_rate_limit_burst: size(15 * MIB),
      unordered_writes: z.boolean().default(true),
      max_entries_limit_per_query: count(5_000),
      max_query_series: count(500),
      max_query_length: duration(30 * DAY + HOUR),
      max_query_lookback: duration(0),
      query_timeout: duration(MINUTE),
      max_concurrent_tail_requests: count(10),
      retention_period: duration(0),
    })
    .prefault({}),
  ruler: z
    .object({
      alertmanager_url: z.string().optional(),
      evaluation_interval: duration(MINUTE),
      poll_interval: duration(MINUTE),
      resend_delay: duration(MINUTE),
      external_url: z.string().optional(),
      rule_path: z.string().optional(),
      storage: z
        .object({
          type: z.string().optional(),
          local: z.object({ directory: z.string().optional() }).prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
})
export type StoreConfig = z.output<typeof configSchema>
export type Limits = StoreConfig['limits_config']

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-?([^}]*))?\}/g

/** `${NAME}` and `${NAME:-default}` replaced, as Loki does with -config.expand-env=true. Pure. */
export const expandEnvironment = (
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): string =>
  text.replace(
    VARIABLE,
    (_, name: string, fallback: string | undefined) => environment[name] || fallback || '',
  )

/**
 * Reads a configuration in the form of Loki's own file. Throws CONFIG_INVALID, which names the file, where it is one,
 * and each wrong key with its value. Pure.
 */
export function readConfig(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = {},
  file?: string,
): StoreConfig {
  const wrong = (problems: string) =>
    vigieError('CONFIG_INVALID', { problems: file === undefined ? problems : `  in ${file}:\n${problems}` })
  const document = parseDocument(expandEnvironment(text, environment))
  const [broken] = document.errors
  if (broken !== undefined) throw wrong(`  ${reasonOf(broken).replace(/:$/, '')}`)
  // An empty section is null in YAML.
  const content: unknown = document.toJS({ reviver: (_, value: unknown) => value ?? undefined })
  const result = configSchema.safeParse(content ?? {})
  if (result.success) return result.data
  throw wrong(problemsOf(result.error, content))
}

/** The configuration as YAML that `readConfig` reads back, defaults included. Pure. */
export const configText = (config: StoreConfig): string => stringify(z.encode(configSchema, config))
