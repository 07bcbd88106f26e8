import { type Logger } from '../service/log.ts'
import { type Cluster, createCluster } from './cluster/cluster.ts'
import { type KafkaSettings, securityOf } from './config.ts'
import { type Calls, callsOf } from './consumer/calls.ts'
import { kafkaError } from './errors.ts'
import { type Admin, type Kafka, kafkajs } from './kafkajs.ts'

export type { Admin, Kafka, Message, Producer } from './kafkajs.ts'

/** How often and how long kafkajs tries on its own before it reports: some two seconds. */
const PATIENCE = { retries: 3, initialRetryTime: 200, maxRetryTime: 1_000 }

/**
 * A Kafka client. Pure but for reading KAFKA_SSL_CA: nothing is connected yet. Throws CONFIG_INVALID.
 * kafkajs's own words go to `logger` at debug level, since what matters is thrown as well.
 */
export function createKafka(settings: KafkaSettings, clientId: string, logger?: Logger): Kafka {
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
    retry: PATIENCE,
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

/** Connections to a cluster for what Vigie speaks to it itself. Nothing is connected yet. Throws CONFIG_INVALID. */
export function clusterOf(settings: KafkaSettings, clientId: string): Cluster {
  const { sasl, ssl } = securityOf(settings)
  return createCluster(
    settings.KAFKA_BROKERS,
    { sasl: sasl ?? null, ssl: ssl === false ? null : ssl === true ? {} : ssl },
    clientId,
  )
}

/** Runs `use` with what can be asked of Kafka, and closes the connections; kafkajs's errors become ours. */
export async function withCalls<Result>(
  settings: KafkaSettings,
  clientId: string,
  use: (calls: Calls) => Promise<Result>,
): Promise<Result> {
  const cluster = clusterOf(settings, clientId)
  try {
    return await use(callsOf(cluster))
  } catch (error) {
    throw kafkaError(error, settings.KAFKA_BROKERS)
  } finally {
    cluster.close()
  }
}
