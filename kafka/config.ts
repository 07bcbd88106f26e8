import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { SHIPPER_GROUP, TOPIC } from '../log/names.ts'
import { reasonOf, vigieError } from '../service/errors.ts'
import { flag, optionalText } from '../service/settings.ts'

const brokers = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((address) => address.trim())
      .filter(Boolean),
  )
  .pipe(
    z
      .array(z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:/\s]+):\d{1,5}$/, 'each broker is host:port'))
      .min(1, 'at least one broker, as host:port'),
  )

/** Where Kafka is and how to speak to it. */
export const kafkaSettings = z.object({
  KAFKA_BROKERS: brokers
    .default(['127.0.0.1:9092'])
    .describe('addresses of Kafka, `host:port`, separated by commas'),
  KAFKA_TOPIC: z.string().min(1).default(TOPIC.logs).describe('the topic that carries the logs'),
  KAFKA_GROUP_ID: z.string().min(1).default(SHIPPER_GROUP).describe("the shipper's consumer group"),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('how to log in: `plain`, `scram-sha-256` or `scram-sha-512`; no login when unset'),
  KAFKA_SASL_USERNAME: optionalText.describe('user name for SASL'),
  KAFKA_SASL_PASSWORD: optionalText.describe('password for SASL').meta({ secret: true }),
  KAFKA_SSL: flag(false).describe('`true` to speak TLS'),
  KAFKA_SSL_CA: optionalText.describe('file of PEM certificates to trust instead of the system’s'),
})
export type KafkaSettings = z.infer<typeof kafkaSettings>

/** Throws CONFIG_INVALID when SASL is half configured or the CA cannot be read. */
export function securityOf(settings: KafkaSettings) {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = settings
  const password = settings.KAFKA_SASL_PASSWORD
  const wrong = (problem: string) => vigieError('CONFIG_INVALID', { problems: `  ${problem}` })
  if (mechanism === undefined && (username !== undefined || password !== undefined))
    throw wrong('KAFKA_SASL_MECHANISM = not set: needed with KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD')
  if (mechanism !== undefined && (username === undefined || password === undefined))
    throw wrong(`KAFKA_SASL_MECHANISM = "${mechanism}": needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD`)
  const sasl = mechanism && username && password ? { mechanism, username, password } : undefined
  if (!settings.KAFKA_SSL) {
    if (settings.KAFKA_SSL_CA !== undefined)
      throw wrong(`KAFKA_SSL_CA = "${settings.KAFKA_SSL_CA}": has no effect without KAFKA_SSL=true`)
    return { sasl, ssl: false as const }
  }
  if (settings.KAFKA_SSL_CA === undefined) return { sasl, ssl: true as const }
  try {
    return { sasl, ssl: { ca: [readFileSync(settings.KAFKA_SSL_CA, 'utf8')] } }
  } catch (error) {
    throw wrong(`KAFKA_SSL_CA = "${settings.KAFKA_SSL_CA}": ${reasonOf(error)}`)
  }
}
