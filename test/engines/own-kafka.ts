import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { kafkaClassPath } from '../../stack/engines.ts'
import { JAVA_OPTIONS, serverProperties } from '../../stack/kafka.ts'
import { accepts } from '../../stack/ports.ts'
import { isAlive, type ProcessRef, spawnDetached, terminate } from '../../stack/process.ts'
import { TOOLS } from '../../stack/tools.ts'
import { eventually, temporaryFolder } from './harness.ts'
import { reservedPort } from './ports.ts'

/** A broker that a test may kill and start again; its data stays. */
export type OwnKafka = {
  broker: string
  /** By SIGKILL; resolves when it is gone. */
  kill: () => Promise<void>
  start: () => Promise<void>
  close: () => Promise<unknown>
}

const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qk'

/** Starts a broker without credentials in a folder of its own. */
export async function startOwnKafka(): Promise<OwnKafka> {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'data'))
  const [port, controller] = [await reservedPort(), await reservedPort()]
  const file = join(folder, 'server.properties')
  const listener = `PLAINTEXT://127.0.0.1:${port}`
  const template = readFileSync(join(PROJECT_ROOT, 'kafka', 'server.properties'), 'utf8')
  const properties = serverProperties(template, {
    KAFKA_HOST: '127.0.0.1',
    KAFKA_CONTROLLER_PORT: String(controller),
    KAFKA_LISTENERS: `${listener},CONTROLLER://127.0.0.1:${controller}`,
    KAFKA_ADVERTISED_LISTENERS: listener,
    KAFKA_DATA_DIR: join(folder, 'data', 'logs'),
  })
  writeFileSync(file, properties)
  const java = [...JAVA_OPTIONS, '-cp', await kafkaClassPath()]
  const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file]
  execFileSync(TOOLS.java.command(), [...java, ...format], { stdio: 'pipe' })
  const log4j = `-Dlog4j2.configurationFile=${join(PROJECT_ROOT, 'kafka', 'log4j2.properties')}`
  const command = { file: TOOLS.java.command(), args: [log4j, ...java, 'kafka.Kafka', file], env: {} }
  let ref: ProcessRef

  const start = async () => {
    ref = await spawnDetached(command, join(folder, 'kafka.log'), process.env)
    await eventually('the Kafka of the test listens', () => accepts(port), 60_000)
  }
  await start()
  return {
    broker: `127.0.0.1:${port}`,
    start,
    async kill() {
      process.kill(ref.pid, 'SIGKILL')
      await eventually('the Kafka of the test is gone', async () => !isAlive(ref))
    },
    close: () => terminate(ref, 20_000),
  }
}
