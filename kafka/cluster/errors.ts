/**
 * The error that Kafka, or the way to it, gave: its name in the protocol (`NOT_COORDINATOR_FOR_GROUP`), or
 * `CONNECTION` for a broker that cannot be reached or does not answer. Undefined for anything else: that is a
 * defect, which nobody may take for Kafka's trouble.
 */
export function faultOf(error: unknown): string | undefined {
  const { name, type } = (error ?? {}) as { name?: unknown; type?: unknown }
  if (typeof name !== 'string' || !name.startsWith('KafkaJS')) return undefined
  if (typeof type === 'string') return type
  return OF_CONNECTION.test(name) ? 'CONNECTION' : name
}

const OF_CONNECTION = /^KafkaJS(Connection|ConnectionClosed|RequestTimeout)Error$/

/** What no waiting mends: credentials, rights, settings, versions. */
const FATAL = new Set([
  'KafkaJSSASLAuthenticationError',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'GROUP_MAX_SIZE_REACHED',
  'FENCED_INSTANCE_ID',
  // A transaction that its successor, or its time, has ended.
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'TRANSACTION_COORDINATOR_FENCED',
  'INVALID_TRANSACTION_TIMEOUT',
  'UNSUPPORTED_VERSION',
  'KafkaJSServerDoesNotSupportApiKey',
])

/** Whether a fault stays whatever is tried again. */
export const isFatal = (fault: string): boolean => FATAL.has(fault)

/** Whether an error is a fault of Kafka that waiting may mend: not a defect, and none that stays. */
export function mayPass(error: unknown): boolean {
  const fault = faultOf(error)
  return fault !== undefined && !isFatal(fault)
}
