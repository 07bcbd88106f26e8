import { connectionError } from '../kafkajs.ts'
import { faultOf } from './errors.ts'
import { type Address, type Exchange, type Link, openLink, type Security, unchecked } from './link.ts'

/** A broker's leadership of a partition; -1 when there is no leader. */
export type PartitionMetadata = { partition: number; leader: number }
export type TopicMetadata = {
  /** The error's number in the protocol; 0 for none. */
  errorCode: number
  isInternal: boolean
  partitions: readonly PartitionMetadata[]
}
export type Metadata = { topics: ReadonlyMap<string, TopicMetadata>; controllerId: number }

/**
 * What a connection is for. A broker answers one request of a connection after the other: what waits at the
 * broker, a fetch for records or a join for the other members, has a connection of its own.
 */
export type Purpose = 'ask' | 'group' | 'join' | 'fetch' | 'produce'

/** Connections to the brokers of a cluster, made when they are needed and made anew when they break. */
export type Cluster = {
  /** Of these topics, or of all. Rejects when no broker answers. */
  metadata: (topics?: readonly string[]) => Promise<Metadata>
  /** Sends a request to a broker. Rejects with kafkajs's errors. */
  send: <Answer>(node: number, purpose: Purpose, make: (link: Link) => Exchange<Answer>) => Promise<Answer>
  /** Sends a request to any broker. */
  sendAny: <Answer>(make: (link: Link) => Exchange<Answer>) => Promise<Answer>
  close: () => void
}

type MetadataAnswer = {
  brokers: readonly { nodeId: number; host: string; port: number }[]
  controllerId: number
  topicMetadata: readonly {
    topicErrorCode: number
    topic: string
    isInternal?: boolean
    partitionMetadata: readonly { partitionId: number; leader: number }[]
  }[]
}

/** Nothing is connected before the first request. `brokers` are `host:port`. */
export function createCluster(brokers: readonly string[], security: Security, clientId: string): Cluster {
  const bootstrap = brokers.map(addressOf)
  let nodes: ReadonlyMap<number, Address> = new Map()
  const links = new Map<string, Promise<Link>>()
  let isClosed = false

  const linkTo = async (address: Address, purpose: Purpose): Promise<Link> => {
    const key = `${address.host}:${address.port} ${purpose}`
    if (isClosed) throw connectionError('The client was closed', key)
    const known = links.get(key)
    if (known !== undefined) {
      const link = await known
      if (link.isOpen()) return link
      link.close()
      if (links.get(key) === known) links.delete(key)
      return linkTo(address, purpose)
    }
    const opening = openLink(address, security, clientId)
    links.set(key, opening)
    opening.catch(() => links.delete(key))
    const link = await opening
    if (isClosed) link.close()
    return link
  }

  const sendAny = async <Answer>(make: (link: Link) => Exchange<Answer>): Promise<Answer> => {
    const known = [...nodes.values()]
    let last: unknown
    for (const address of [...shuffled(known), ...bootstrap]) {
      try {
        const link = await linkTo(address, 'ask')
        return await sendOn(link, make(link))
      } catch (error) {
        if (faultOf(error) !== 'CONNECTION') throw error
        last = error
      }
    }
    throw last
  }

  const metadata = async (topics: readonly string[] = []): Promise<Metadata> => {
    const answer = await sendAny((link) =>
      unchecked(link.exchange<MetadataAnswer>('Metadata', { topics, allowAutoTopicCreation: false })),
    )
    nodes = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    return {
      controllerId: answer.controllerId,
      topics: new Map(
        answer.topicMetadata.map(({ topic, topicErrorCode, isInternal = false, partitionMetadata }) => {
          const partitions = partitionMetadata.map(({ partitionId, leader }) => ({
            partition: partitionId,
            leader,
          }))
          return [topic, { errorCode: topicErrorCode, isInternal, partitions }]
        }),
      ),
    }
  }

  return {
    metadata,
    sendAny,
    async send(node, purpose, make) {
      if (!nodes.has(node)) await metadata(NO_TOPIC)
      const address = nodes.get(node)
      if (address === undefined)
        throw connectionError(`Broker ${node} is not in the cluster now`, String(node))
      const link = await linkTo(address, purpose)
      return sendOn(link, make(link))
    },
    close() {
      isClosed = true
      for (const link of links.values()) link.then(({ close }) => close()).catch(() => undefined)
      links.clear()
    },
  }
}

/** Sends, and closes a connection that stays silent: kafkajs would wait on it again and again, until TCP gives up. */
async function sendOn<Answer>(link: Link, exchange: Exchange<Answer>): Promise<Answer> {
  try {
    return await link.send(exchange)
  } catch (error) {
    if ((error as Error).name === 'KafkaJSRequestTimeoutError') link.close()
    throw error
  }
}

/** Asks for the brokers alone: kafkajs takes no topics for all, so one that cannot be is asked for. */
const NO_TOPIC = ['.']

/** `host:port`; IPv6 addresses in brackets. */
function addressOf(broker: string): Address {
  const colon = broker.lastIndexOf(':')
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) }
}

function shuffled<Each>(all: readonly Each[]): Each[] {
  return all
    .map((each) => ({ each, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each)
}
