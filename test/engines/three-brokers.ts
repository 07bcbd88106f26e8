import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKafka, withAdmin } from '../../kafka/client.ts'
import { kafkaSettings } from '../../kafka/config.ts'
import { type Admin } from '../../kafka/kafkajs.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { kafkaClassPath } from '../../stack/engines.ts'
import { JAVA_OPTIONS } from '../../stack/kafka.ts'
import { accepts } from '../../stack/ports.ts'
import { isAlive, type ProcessRef, spawnDetached, terminate } from '../../stack/process.ts'
import { TOOLS } from '../../stack/tools.ts'
import { eventually, temporaryFolder } from './harness.ts'
import { reservedPort } from './ports.ts'

const NODES = [1, 2, 3] as const
export type Node = (typeof NODES)[number]

/** Three real brokers, as a small production cluster has them: three copies, two of which must be in sync. */
export type Cluster = {
  brokers: string
  settings: ReturnType<typeof kafkaSettings.parse>
  admin: <Result>(use: (admin: Admin) => Promise<Result>) => Promise<Result>
  createTopic: (topic: string, partitions: number) => Promise<void>
  leaderOf: (topic: string, partition: number) => Promise<Node>
  coordinatorOf: (groupId: string) => Promise<Node>
  /** Makes another broker the leader of each partition. */
  moveLeaders: (topic: string) => Promise<void>
  /** Sends a broker's process a signal; SIGTERM and SIGKILL also wait for its end. */
  signal: (node: Node, signal: NodeJS.Signals) => Promise<void>
  /** Starts a broker that was ended, and waits until all partitions are in sync again. */
  start: (node: Node) => Promise<void>
  close: () => Promise<void>
}

const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qk'

export async function startCluster(): Promise<Cluster> {
  const folder = temporaryFolder()
  const ports = new Map<Node, number>()
  const controllers = new Map<Node, number>()
  for (const node of NODES) {
    ports.set(node, await reservedPort())
    controllers.set(node, await reservedPort())
  }
  const voters = NODES.map((node) => `${node}@127.0.0.1:${controllers.get(node)}`).join()
  const brokers = NODES.map((node) => `127.0.0.1:${ports.get(node)}`).join()
  const settings = kafkaSettings.parse({ KAFKA_BROKERS: brokers })
  const java = [...JAVA_OPTIONS, '-Xmx320m', '-cp', await kafkaClassPath()]
  const running = new Map<Node, ProcessRef>()
  const fileOf = (node: Node) => join(folder, String(node), 'server.properties')

  const admin = <Result>(use: (it: Admin) => Promise<Result>): Promise<Result> =>
    withAdmin(createKafka(settings, 'test'), settings.KAFKA_BROKERS, use)
  const launch = async (node: Node): Promise<void> => {
    const log4j = `-Dlog4j2.configurationFile=${join(PROJECT_ROOT, 'kafka', 'log4j2.properties')}`
    const args = [log4j, ...java, 'kafka.Kafka', fileOf(node)]
    const command = { file: TOOLS.java.command(), args, env: {} }
    running.set(node, await spawnDetached(command, join(folder, `${node}.log`), process.env))
  }
  const partitionsOf = async (topic?: string) => {
    const { topics } = await admin((it) =>
      it.fetchTopicMetadata(topic === undefined ? undefined : { topics: [topic] }),
    )
    return topics.flatMap(({ partitions }) => partitions)
  }
  const untilInSync = () =>
    eventually(
      'all copies are in sync',
      async () => {
        const all = await partitionsOf().catch(() => undefined)
        return all?.every(({ isr, leader }) => isr.length === NODES.length && leader >= 0)
      },
      60_000,
    )

  for (const node of NODES) {
    mkdirSync(join(folder, String(node)))
    writeFileSync(
      fileOf(node),
      properties(node, voters, ports, controllers, join(folder, String(node), 'data')),
    )
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', fileOf(node)]
    execFileSync(TOOLS.java.command(), [...java, ...format], { stdio: 'pipe' })
  }
  for (const node of NODES) await launch(node)
  for (const node of NODES)
    await eventually(`broker ${node} listens`, () => accepts(ports.get(node) ?? 0), 60_000)
  await eventually('the cluster is whole', async () => {
    const cluster = await admin((it) => it.describeCluster()).catch(() => undefined)
    return cluster?.brokers.length === NODES.length
  })

  return {
    brokers,
    settings,
    admin,
    async createTopic(topic, partitions) {
      await admin((it) =>
        it.createTopics({
          waitForLeaders: false,
          topics: [{ topic, numPartitions: partitions, replicationFactor: NODES.length }],
        }),
      )
      await untilInSync()
    },
    leaderOf: async (topic, partition) =>
      (await partitionsOf(topic)).find((each) => each.partitionId === partition)?.leader as Node,
    coordinatorOf: (groupId) =>
      admin(async (it) => {
        const { groups } = await it.describeGroups([groupId])
        const all = await partitionsOf('__consumer_offsets')
        const at = Math.abs(javaHash(groups[0]?.groupId ?? groupId)) % all.length
        return all.find(({ partitionId }) => partitionId === at)?.leader as Node
      }),
    async moveLeaders(topic) {
      const before = new Map((await partitionsOf(topic)).map((each) => [each.partitionId, each.leader]))
      const partitionAssignment = [...before].map(([partition, leader]) => {
        const next = NODES[NODES.indexOf(leader as Node) + 1] ?? NODES[0]
        return { partition, replicas: [next, ...NODES.filter((node) => node !== next)] }
      })
      // The order of the replicas names the preferred leader; the brokers look for it every second.
      await admin((it) => it.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] }))
      await eventually(
        'all leaders have moved',
        async () => (await partitionsOf(topic)).every((each) => each.leader !== before.get(each.partitionId)),
        60_000,
      )
    },
    async signal(node, signal) {
      const ref = running.get(node)
      if (ref === undefined) return
      if (signal === 'SIGTERM') await terminate(ref, 60_000)
      else process.kill(ref.pid, signal)
    },
    async start(node) {
      await launch(node)
      await eventually(`broker ${node} listens`, () => accepts(ports.get(node) ?? 0), 60_000)
      await untilInSync()
    },
    async close() {
      // SIGKILL also ends one that is stopped.
      for (const ref of running.values()) if (isAlive(ref)) process.kill(ref.pid, 'SIGKILL')
    },
  }
}

/** Java's hash of a text, which says where a group's offsets are kept. */
function javaHash(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0
  return hash
}

const properties = (
  node: Node,
  voters: string,
  ports: ReadonlyMap<Node, number>,
  controllers: ReadonlyMap<Node, number>,
  data: string,
): string => `
process.roles=broker,controller
node.id=${node}
controller.quorum.voters=${voters}
listeners=PLAINTEXT://127.0.0.1:${ports.get(node)},CONTROLLER://127.0.0.1:${controllers.get(node)}
advertised.listeners=PLAINTEXT://127.0.0.1:${ports.get(node)}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${data}
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=3
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=6000
leader.imbalance.check.interval.seconds=1
leader.imbalance.per.broker.percentage=0
broker.session.timeout.ms=6000
replica.lag.time.max.ms=6000
`
