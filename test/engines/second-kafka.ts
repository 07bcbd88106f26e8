import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { kafkaClassPath } from '../../stack/engines.ts'
import { JAVA_OPTIONS, serverProperties } from '../../stack/kafka.ts'
import { accepts } from '../../stack/ports.ts'
import { spawnDetached, terminate } from '../../stack/process.ts'
import { TOOLS } from '../../stack/tools.ts'
import { eventually, temporaryFolder } from './harness.ts'
import { reservedPort } from './ports.ts'

export type SecureKafka = {
  plain: string
  sasl: string
  tls: string
  caFile: string
  close: () => Promise<unknown>
}

const USER = 'alice'
const PASSWORD = 'correct horse'
const STORE_PASSWORD = 'changeit-for-a-test'
export const CREDENTIALS = { KAFKA_SASL_USERNAME: USER, KAFKA_SASL_PASSWORD: PASSWORD }

const jaas = (module: string, rest = '') => `org.apache.kafka.common.security.${module} required ${rest};`

/** A certificate for 127.0.0.1 that signs itself; the JDK's keytool comes with every Java. */
export function makeCertificate(folder: string): { keystore: string; password: string; caFile: string } {
  const keystore = join(folder, 'broker.p12')
  const caFile = join(folder, 'ca.pem')
  const store = [
    '-keystore',
    keystore,
    '-storetype',
    'PKCS12',
    '-storepass',
    STORE_PASSWORD,
    '-alias',
    'broker',
  ]
  const quiet = { stdio: 'pipe' as const }
  execFileSync(
    'keytool',
    [
      '-genkeypair',
      ...store,
      '-keyalg',
      'EC',
      '-dname',
      'CN=127.0.0.1',
      '-ext',
      'SAN=IP:127.0.0.1',
      '-validity',
      '2',
    ],
    quiet,
  )
  execFileSync('keytool', ['-exportcert', ...store, '-rfc', '-file', caFile], quiet)
  return { keystore, password: STORE_PASSWORD, caFile }
}

/** A broker of its own with SASL (PLAIN and SCRAM) and TLS listeners. */
export async function startSecureKafka(): Promise<SecureKafka> {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'data'))
  const { keystore, caFile } = makeCertificate(folder)
  const [plain, controller, sasl, tls] = [
    await reservedPort(),
    await reservedPort(),
    await reservedPort(),
    await reservedPort(),
  ]
  const listeners = `PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${sasl},SASL_SSL://127.0.0.1:${tls}`
  const properties = serverProperties(
    readFileSync(join(PROJECT_ROOT, 'kafka', 'server.properties'), 'utf8'),
    {
      KAFKA_HOST: '127.0.0.1',
      KAFKA_CONTROLLER_PORT: String(controller),
      KAFKA_LISTENERS: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
      KAFKA_ADVERTISED_LISTENERS: listeners,
      KAFKA_DATA_DIR: join(folder, 'data', 'logs'),
    },
  )
  const secure = ['sasl_plaintext', 'sasl_ssl'].flatMap((name) => [
    `listener.name.${name}.plain.sasl.jaas.config=${jaas('plain.PlainLoginModule', `user_${USER}="${PASSWORD}"`)}`,
    `listener.name.${name}.scram-sha-256.sasl.jaas.config=${jaas('scram.ScramLoginModule')}`,
    `listener.name.${name}.scram-sha-512.sasl.jaas.config=${jaas('scram.ScramLoginModule')}`,
  ])
  const file = join(folder, 'server.properties')
  writeFileSync(
    file,
    [
      properties,
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      ...secure,
      `ssl.keystore.location=${keystore}`,
      'ssl.keystore.type=PKCS12',
      `ssl.keystore.password=${STORE_PASSWORD}`,
    ].join('\n'),
  )
  const java = [...JAVA_OPTIONS, '-Xmx384m', '-cp', await kafkaClassPath()]
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${USER},password=${PASSWORD}]`,
  ])
  const id = 'MkU3OEVBNTcwNTJENDM2Qk'
  execFileSync(
    TOOLS.java.command(),
    [...java, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', file, ...scram],
    {
      stdio: 'pipe',
    },
  )
  const log4j = `-Dlog4j2.configurationFile=${join(PROJECT_ROOT, 'kafka', 'log4j2.properties')}`
  const ref = await spawnDetached(
    { file: TOOLS.java.command(), args: [log4j, ...java, 'kafka.Kafka', file], env: {} },
    join(folder, 'kafka.log'),
    process.env,
  )
  await eventually('the second Kafka listens', async () => (await accepts(plain)) && (await accepts(tls)))
  const address = (port: number) => `127.0.0.1:${port}`
  return {
    plain: address(plain),
    sasl: address(sasl),
    tls: address(tls),
    caFile,
    close: () => terminate(ref, 20_000),
  }
}
