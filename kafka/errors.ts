import { reasonOf, vigieError } from '../service/errors.ts'

type Chain = {
  name?: string
  type?: string
  code?: string
  message?: string
  cause?: unknown
  originalError?: unknown
}

/** An error and everything it was caused by: kafkajs wraps what matters several times. */
function* causesOf(error: unknown): Generator<Chain> {
  for (let at = error as Chain | undefined, depth = 0; at && depth < 8; depth++) {
    yield at
    at = (at.cause ?? at.originalError) as Chain | undefined
  }
}

const NOT_AUTHORISED = /_AUTHORIZATION_FAILED$/
const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/

/**
 * The error of our table for one that kafkajs threw; any other stays as it is: an error of ours, or a defect, which
 * nobody may take for Kafka's trouble. Which topic is missing, kafkajs does not say: without `topic` that is
 * KAFKA_FAILED with Kafka's words.
 */
export function kafkaError(error: unknown, brokers: readonly string[], topic?: string): unknown {
  const details = { brokers: brokers.join(','), problem: reasonOf(error) }
  for (const cause of causesOf(error)) {
    if (cause.name === 'VigieError') return cause
    const type = cause.type ?? ''
    const problem = cause.message ?? details.problem
    if (cause.name === 'KafkaJSSASLAuthenticationError' || type === 'SASL_AUTHENTICATION_FAILED')
      return vigieError('KAFKA_AUTHENTICATION', { ...details, problem }, error)
    if (NOT_AUTHORISED.test(type)) return vigieError('KAFKA_NOT_AUTHORISED', { ...details, problem }, error)
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION' && topic !== undefined)
      return vigieError('KAFKA_TOPIC_MISSING', { brokers: details.brokers, topic }, error)
    if (TLS_CODE.test(cause.code ?? '') || /certificate|SSL|TLS/.test(cause.message ?? ''))
      return vigieError('KAFKA_TLS', { ...details, problem }, error)
  }
  for (const cause of causesOf(error)) {
    if (/^KafkaJS(Connection|Broker|RequestTimeout|LockTimeout)/.test(cause.name ?? ''))
      return vigieError('KAFKA_UNREACHABLE', { ...details, problem: cause.message ?? details.problem }, error)
  }
  const isKafkas = [...causesOf(error)].some(({ name }) => name?.startsWith('KafkaJS') === true)
  return isKafkas ? vigieError('KAFKA_FAILED', details, error) : error
}

/** True when a newer producer of the same transactional id took over, or the broker timed this one out. */
export function isFenced(error: unknown): boolean {
  for (const { type } of causesOf(error)) if (type === 'INVALID_PRODUCER_EPOCH') return true
  return false
}
