import { createRequire } from 'node:module'
import kafkajs from 'kafkajs'

/**
 * The one place that imports kafkajs 2.2.4 (pinned; its last release): its public client, and four parts of it
 * that its package does not export by name: the connection (framing, TLS, SASL), the requests' encodings, the
 * errors of the protocol, and the checksum. Nothing of kafkajs is replaced or changed.
 */

export type { Admin, Kafka, Message, Producer } from 'kafkajs'
export { kafkajs }

const require = createRequire(import.meta.url)

type Encoded = { buffer: Buffer; size: () => number }
/** kafkajs's writer of the protocol's primitive types; each method returns itself. */
export type Encoder = Encoded & {
  writeInt8: (value: number) => Encoder
  writeInt16: (value: number) => Encoder
  writeInt32: (value: number) => Encoder
  writeInt64: (value: number | bigint | string) => Encoder
  writeString: (value: string | null) => Encoder
  writeBytes: (value: Buffer | null) => Encoder
  writeArray: (values: readonly unknown[]) => Encoder
}
export const Encoder = require('kafkajs/src/protocol/encoder') as new (initialSize?: number) => Encoder

/** A request as a connection sends it. */
export type Request = {
  apiKey: number
  apiVersion: number
  apiName: string
  encode: () => Promise<Encoded>
  expectResponse?: () => boolean
}
/** How its answer is read: from bytes, then checked for errors. */
export type Response<Answer> = {
  decode: (bytes: Buffer) => Promise<Answer> | Answer
  parse: (answer: Answer) => Promise<Answer> | Answer
}
export type Exchange<Answer> = {
  request: Request
  response: Response<Answer>
  requestTimeout?: number | null
  logResponseError?: boolean
}

type Definition = {
  versions: readonly string[]
  protocol: (choice: { version: number }) => (parameters: object) => Exchange<never>
}
/** kafkajs's definition of each request, by name. */
export const requests = (
  require('kafkajs/src/protocol/requests') as { requests: Readonly<Record<string, Definition>> }
).requests
/** The number that the protocol has for each request's name. */
export const apiKeys = require('kafkajs/src/protocol/requests/apiKeys') as Readonly<Record<string, number>>

type Queue = { pending: readonly unknown[]; rejectAll: (error: Error) => void }
export type Connection = {
  requestQueue: Queue
  connect: () => Promise<unknown>
  disconnect: () => Promise<unknown>
  authenticate: () => Promise<void>
  isConnected: () => boolean
  setVersions: (versions: ApiVersions) => void
  setSupportAuthenticationProtocol: (isSupported: boolean) => void
  send: <Answer>(exchange: Exchange<Answer>) => Promise<Answer>
}
/** The versions of each request that a broker understands, by the request's number. */
export type ApiVersions = Readonly<Record<number, { minVersion: number; maxVersion: number }>>
export type ConnectionOptions = {
  host: string
  port: number
  clientId: string
  ssl: object | null
  sasl: object | null
  logger: object
  socketFactory: unknown
  requestTimeout: number
  connectionTimeout: number
}

const KafkaJSConnection = require('kafkajs/src/network/connection') as new (
  options: ConnectionOptions,
) => Connection
type QueueConstructor = new (options: object) => Queue & { scheduleCheckPendingRequests(): void }
const RequestQueue = require('kafkajs/src/network/requestQueue') as QueueConstructor

/**
 * A queue of requests that sleeps while nothing waits in it. kafkajs's own looks whether something does
 * every millisecond, on each connection: 2 % of a core for a shipper that has to wait.
 */
export class QuietQueue extends RequestQueue {
  override scheduleCheckPendingRequests(): void {
    if (this.pending.length > 0) super.scheduleCheckPendingRequests()
  }
}

/** A connection to one broker, with a quiet queue. */
class QuietConnection extends KafkaJSConnection {
  constructor(options: ConnectionOptions) {
    super(options)
    const { host, port, clientId, requestTimeout, logger } = options
    this.requestQueue = new QuietQueue({
      requestTimeout,
      enforceRequestTimeout: true,
      clientId,
      broker: `${host}:${port}`,
      logger,
      isConnected: () => this.isConnected(),
    })
  }
}

const socketFactory = require('kafkajs/src/network/socketFactory') as () => unknown
/** kafkajs's own words are not shown: what matters is thrown as well. */
const silent = () => undefined
const logger = {
  namespace: () => logger,
  ...{ error: silent, warn: silent, info: silent, debug: silent },
}

/** A connection, not connected yet. */
export const createConnection = (options: Omit<ConnectionOptions, 'logger' | 'socketFactory'>): Connection =>
  new QuietConnection({ ...options, logger, socketFactory: socketFactory() })

const errors = require('kafkajs/src/errors') as {
  KafkaJSConnectionError: new (message: string, details: { broker: string }) => Error
}
export const connectionError = (message: string, broker: string): Error =>
  new errors.KafkaJSConnectionError(message, { broker })

/** An error that a broker answered with: `type` is its name in the protocol. */
export type ProtocolError = Error & { type: string; code: number; retriable: boolean }
export const errorOfCode = (
  require('kafkajs/src/protocol/error') as { createErrorFromCode: (code: number) => ProtocolError }
).createErrorFromCode

export const crc32c = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number

/** kafkajs's reader of the formats before Kafka 0.11, for topics that still hold such records. */
export const oldMessages = require('kafkajs/src/protocol/messageSet/decoder') as (
  position: object,
  size: number,
) => Promise<readonly OldMessage[]>
export const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => object
export type OldMessage = { offset: string; timestamp?: string; key: Buffer | null; value: Buffer | null }
