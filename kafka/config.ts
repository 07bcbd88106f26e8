import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { SHIPPER_GROUP, TOPIC } from '../log/names.ts'
import { reasonOf, vigieError } from '../service/errors.ts'
import { flag, optionalText } from '../service/settings.ts'
import { type Topics } from './consumer/subscription.ts'

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

/** What Kafka allows in a topic's name. */
const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/
const PATTERN = /^\/(.+)\/$/

const listed = (value: string): string[] =>
  value
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)

function checkTopics(value: string, context: z.RefinementCtx): void {
  const problem = topicsProblem(value)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
}

function topicsProblem(value: string): string | undefined {
  const pattern = PATTERN.exec(value)?.[1]
  if (pattern === undefined) {
    const names = listed(value)
    if (names.length > 0 && names.every((name) => TOPIC_NAME.test(name))) return undefined
    return 'a topic has 1 to 249 letters, digits, ".", "_" and "-"; several are separated by commas, a pattern stands between slashes'
  }
  try {
    new RegExp(pattern)
    return undefined
  } catch (error) {
    return `not a regular expression: ${reasonOf(error)}`
  }
}

/** Vigie's own topics hold no logs, but for the one that is named for them. */
const WITHOUT_LOGS: ReadonlySet<string> = new Set(Object.values(TOPIC).filter((name) => name !== TOPIC.logs))

/** The topics of logs that KAFKA_TOPIC means; Vigie's own others fit no pattern. Pure. */
export function subscriptionOf({ KAFKA_TOPIC: value }: Pick<KafkaSettings, 'KAFKA_TOPIC'>): Topics {
  const pattern = PATTERN.exec(value)?.[1]
  if (pattern === undefined) return { names: listed(value) }
  const whole = new RegExp(`^(?:${pattern})$`)
  return { names: [], fits: (name) => whole.test(name) && !WITHOUT_LOGS.has(name) }
}

/** The one topic that KAFKA_TOPIC names, for what writes to it. Throws CONFIG_INVALID when it means several. */
export function singleTopic({ KAFKA_TOPIC: value }: Pick<KafkaSettings, 'KAFKA_TOPIC'>): string {
  if (TOPIC_NAME.test(value)) return value
  throw vigieError('CONFIG_INVALID', {
    problems: `  KAFKA_TOPIC = "${value}": this needs the name of one topic`,
  })
}

/** Where Kafka is and how to speak to it. */
export const kafkaSettings = z.object({
  KAFKA_BROKERS: brokers
    .default(['127.0.0.1:9092'])
    .describe('addresses of Kafka, `host:port`, separated by commas'),
  KAFKA_TOPIC: z
    .string()
    .min(1)
    .default(TOPIC.logs)
    .superRefine(checkTopics)
    .describe(
      'the topic that carries the logs; a shipper and a tracker also take several, separated by commas, or all that fit a regular expression between slashes: `/ingest-.*/`',
    ),
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
