import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createKafka, withAdmin } from '../kafka/client.ts'
import { kafkaSettings, subscriptionOf } from '../kafka/config.ts'
import { ensureTopics, TOPICS } from '../kafka/topics.ts'
import { reasonOf, vigieError } from '../service/errors.ts'
import { PROJECT_ROOT } from './config.ts'
import { diskFullError } from './disk.ts'
import { kafkaClassPath } from './engines.ts'
import { writePrivately } from './home.ts'
import { accepts } from './ports.ts'
import { type Command } from './process.ts'
import { type Service, type StackContext } from './service.ts'
import { TOOLS } from './tools.ts'

const dataOf = ({ home }: StackContext): string => home.data('kafka')
const propertiesOf = (context: StackContext): string => join(dataOf(context), 'server.properties')
const localBrokers = ({ stack }: StackContext): string[] => [`127.0.0.1:${stack.VIGIE_KAFKA_PORT}`]

/** Fills in the `${NAME}` of Kafka's settings, which Kafka itself does not. */
export function serverProperties(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}

/**
 * 512 MB hold the page index of these topics; Kafka's default of 1 GB is for servers. Half of its CPU was Java
 * compiling for a server's throughput: without, it is ready after 5.7 s instead of 7.0, with 5.5 s of CPU instead of
 * 9.5 and 40 MB less, and took and gave 500,000 logs with half of the CPU, too.
 */
export const JAVA_OPTIONS = ['-Xms128m', '-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

async function javaCommand(args: string[]): Promise<Command> {
  const log4j = join(PROJECT_ROOT, 'kafka', 'log4j2.properties')
  const classPath = ['-cp', await kafkaClassPath(), `-Dlog4j2.configurationFile=${log4j}`]
  return { file: TOOLS.java.command(), args: [...JAVA_OPTIONS, ...classPath, ...args], env: {} }
}

/** Kafka's own form; a leading dash would be taken for an option. */
const newClusterId = (): string => `v${randomBytes(16).toString('base64url').slice(1)}`

/** Writes the settings, and formats the storage the first time (again if that was interrupted). */
async function prepare(context: StackContext): Promise<void> {
  const { VIGIE_KAFKA_PORT: port, VIGIE_KAFKA_CONTROLLER_PORT: controller } = context.stack
  const data = join(dataOf(context), 'logs')
  try {
    mkdirSync(dataOf(context), { recursive: true })
    const template = readFileSync(join(PROJECT_ROOT, 'kafka', 'server.properties'), 'utf8')
    const properties = serverProperties(template, {
      KAFKA_HOST: '127.0.0.1',
      KAFKA_CONTROLLER_PORT: String(controller),
      KAFKA_LISTENERS: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_DATA_DIR: data,
    })
    writePrivately(propertiesOf(context), properties)
    if (existsSync(join(data, 'meta.properties'))) return
    const clusterId = newClusterId()
    const { file, args } = await javaCommand([
      'kafka.tools.StorageTool',
      'format',
      '--ignore-formatted',
      '--cluster-id',
      clusterId,
      '--config',
      propertiesOf(context),
    ])
    await promisify(execFile)(file, args, { timeout: 60_000 })
  } catch (error) {
    const known = diskFullError(error, dataOf(context))
    if (known !== error) throw known
    throw vigieError(
      'SERVICE_DIED',
      { service: 'Kafka', problem: reasonOf(error), log: context.home.logFile('kafka') },
      error,
    )
  }
}

/** The local Kafka asks for no credentials. */
const localKafka = (context: StackContext) =>
  createKafka(kafkaSettings.parse({ KAFKA_BROKERS: localBrokers(context).join() }), 'vigie-stack')

/** The real Kafka, broker and controller in one process, in KRaft mode. */
export const kafkaService: Service = {
  name: 'kafka',
  title: 'Kafka',
  engine: 'kafka',
  configFiles: ['kafka/server.properties', 'kafka/log4j2.properties'],
  runsOn: ['java'],
  after: [],
  ports: ({ stack }) => [
    { port: stack.VIGIE_KAFKA_PORT, setting: 'VIGIE_KAFKA_PORT' },
    { port: stack.VIGIE_KAFKA_CONTROLLER_PORT, setting: 'VIGIE_KAFKA_CONTROLLER_PORT' },
  ],
  address: (context) => localBrokers(context).join(','),
  prepare,
  command: (context) => javaCommand(['kafka.Kafka', propertiesOf(context)]),
  async waitsFor(context) {
    if (!(await accepts(context.stack.VIGIE_KAFKA_PORT))) return 'it does not listen yet'
    try {
      await withAdmin(localKafka(context), localBrokers(context), (admin) => admin.describeCluster())
      return undefined
    } catch (error) {
      return reasonOf(error)
    }
  },
  async finish(context) {
    const names = new Set([...subscriptionOf(context.kafka).names, ...TOPICS.map(({ name }) => name)])
    const brokers = localBrokers(context)
    await withAdmin(localKafka(context), brokers, (admin) => ensureTopics(admin, [...names], brokers))
  },
  readyWithinMs: 60_000,
  endsWithinMs: 30_000,
}
