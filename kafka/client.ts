import './faster-kafkajs.ts'

import kafkajs, { type Admin, type Consumer, type Kafka, type Producer } from 'kafkajs'
import { type Logger } from '../service/log.ts'
import { registerCodecs } from './codecs.ts'
import { type KafkaSettings, securityOf } from './config.ts'
import { kafkaError } from './errors.ts'
import { createPartitioner } from './partitioner.ts'

export type { Admin, Consumer, EachBatchPayload, KafkaMessage, Message, Producer } from 'kafkajs'
export type { Kafka }

/** How often and how long kafkajs tries on its own before it reports. */
type Patience = { retries: number; initialRetryTime: number; maxRetryTime: number }
/** To ask whether Kafka is there: some two seconds. */
const BRIEF: Patience = { retries: 3, initialRetryTime: 200, maxRetryTime: 1_000 }
/** To outlive a broker that was killed: it took 13 s to come back, with its log to recover; about a minute. */
const PATIENT: Patience = { retries: 12, initialRetryTime: 200, maxRetryTime: 8_000 }

/**
 * A Kafka client. Pure but for reading KAFKA_SSL_CA: nothing is connected yet. Throws CONFIG_INVALID.
 * kafkajs's own words go to `logger` at debug level, since what matters is thrown as well.
 */
export function createKafka(
  settings: KafkaSettings,
  clientId: string,
  logger?: Logger,
  patience = BRIEF,
): Kafka {
  registerCodecs()
  const { sasl, ssl } = securityOf(settings)
  return new kafkajs.Kafka({
    clientId,
    brokers: settings.KAFKA_BROKERS,
    ssl,
    ...(sasl === undefined
      ? {}
      : { sasl: sasl as { mechanism: 'plain'; username: string; password: string } }),
    connectionTimeout: 3_000,
    authenticationTimeout: 5_000,
    retry: patience,
    logLevel: kafkajs.logLevel.INFO,
    logCreator:
      () =>
      ({ log: { message, error } }) => {
        logger?.debug(`kafkajs: ${message}`, error === undefined ? {} : { error: String(error) })
      },
  })
}

/** Runs `use` with a connected admin client and disconnects it; kafkajs's errors become ours. */
export async function withAdmin<Result>(
  kafka: Kafka,
  brokers: readonly string[],
  use: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    return await use(admin)
  } catch (error) {
    throw kafkaError(error, brokers)
  } finally {
    await admin.disconnect()
  }
}

/**
 * A connected producer that writes each record once and in order: idempotent, acknowledged by all
 * in-sync replicas. One request is in flight at a time, as idempotence in kafkajs requires. It is
 * patient: a broker may restart in between. Throws KAFKA_*.
 */
export async function connectProducer(
  settings: KafkaSettings,
  clientId: string,
  logger?: Logger,
): Promise<Producer> {
  const producer = createKafka(settings, clientId, logger, PATIENT).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner,
  })
  try {
    await producer.connect()
  } catch (error) {
    throw kafkaError(error, settings.KAFKA_BROKERS)
  }
  return producer
}

export const LZ4 = kafkajs.CompressionTypes.LZ4

/** How much a consumer fetches at once; without `minBytes` it takes what there is. */
export type Fetching = { minBytes?: number; maxWaitMs?: number; maxBytesPerPartition?: number }

/**
 * A consumer of a group. It never gives up: without brokers it waits and comes back by itself.
 * `sessionTimeoutMs` is how long a killed member holds its partitions (6 s served in measurements).
 */
export function createConsumer(
  kafka: Kafka,
  groupId: string,
  sessionTimeoutMs: number,
  { minBytes = 1, maxWaitMs = 500, maxBytesPerPartition = 1_048_576 }: Fetching = {},
): Consumer {
  return kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / 3),
    rebalanceTimeout: 60_000,
    minBytes,
    maxBytesPerPartition,
    maxWaitTimeInMs: maxWaitMs,
    allowAutoTopicCreation: false,
    retry: { retries: 10, initialRetryTime: 300, maxRetryTime: 10_000, restartOnFailure: async () => true },
  })
}
