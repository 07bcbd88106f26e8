import {
  type ApiVersions,
  apiKeys,
  type Connection,
  connectionError,
  createConnection,
  type Exchange,
  type Request,
  type Response,
  requests,
} from '../kafkajs.ts'

export type Address = { host: string; port: number }
export type Security = { ssl: object | null; sasl: object | null }

/** A connection to one broker that has logged in and knows which requests the broker understands. */
export type Link = {
  isOpen: () => boolean
  /** Sends a request; rejects with kafkajs's errors. */
  send: <Answer>(exchange: Exchange<Answer>) => Promise<Answer>
  /** Makes a request of kafkajs's, in the newest version that both sides understand, up to `maxVersion`. */
  exchange: <Answer>(name: string, parameters: object, maxVersion?: number) => Exchange<Answer>
  close: () => void
}

const CONNECT_TIMEOUT_MS = 3_000
/** How long a broker may take for a request; those that wait at the broker add their own time. */
const REQUEST_TIMEOUT_MS = 15_000

/** Connects and logs in. Throws kafkajs's errors. */
export async function openLink(address: Address, security: Security, clientId: string): Promise<Link> {
  const connection = createConnection({
    ...address,
    clientId,
    ssl: security.ssl,
    // kafkajs keeps its authenticator in it: one for each connection.
    sasl: security.sasl === null ? null : { ...security.sasl },
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECT_TIMEOUT_MS,
  })
  const where = `${address.host}:${address.port}`
  const close = () => {
    connection.requestQueue.rejectAll(connectionError('The connection was closed', where))
    connection.disconnect().catch(() => undefined)
  }
  try {
    await connection.connect()
    const versions = await versionsOf(connection)
    connection.setVersions(versions)
    connection.setSupportAuthenticationProtocol((apiKeys.SaslAuthenticate as number) in versions)
    await connection.authenticate()
    return {
      isOpen: () => connection.isConnected(),
      send: (exchange) => connection.send(exchange),
      exchange: (name, parameters, maxVersion) => exchangeOf(versions, name, parameters, maxVersion),
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

type Told = { apiVersions: readonly { apiKey: number; minVersion: number; maxVersion: number }[] }

/** Version 0 is understood by every broker. */
async function versionsOf(connection: Connection): Promise<ApiVersions> {
  const exchange = definitionOf('ApiVersions').protocol({ version: 0 })({}) as unknown as Exchange<Told>
  const { apiVersions } = await connection.send(exchange)
  return Object.fromEntries(apiVersions.map(({ apiKey, ...versions }) => [apiKey, versions]))
}

function definitionOf(name: string) {
  const definition = requests[name]
  if (definition === undefined) throw new Error(`kafkajs has no request ${name}`)
  return definition
}

function exchangeOf<Answer>(
  versions: ApiVersions,
  name: string,
  parameters: object,
  maxVersion = Number.POSITIVE_INFINITY,
): Exchange<Answer> {
  const definition = definitionOf(name)
  const newest = Math.max(...definition.versions.map(Number))
  const theirs = versions[apiKeys[name] as number]?.maxVersion ?? 0
  return definition.protocol({ version: Math.min(newest, maxVersion, theirs) })(
    parameters,
  ) as unknown as Exchange<Answer>
}

/** An exchange whose answer is taken as it was decoded: who asked looks for errors in its parts. */
export const unchecked = <Answer>({ request, response, ...rest }: Exchange<Answer>): Exchange<Answer> => ({
  ...rest,
  request,
  response: { decode: response.decode, parse: (answer) => answer },
})

export type { Exchange, Request, Response }
