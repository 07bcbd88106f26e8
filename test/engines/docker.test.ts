import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { NODE_FLAGS } from '../../shipper/node-flags.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { DOCKER_FOLDER, ensureSecrets } from '../../stack/docker.ts'
import { ENGINES, kafkaClassPath, programOf } from '../../stack/engines.ts'
import { basicsOf } from '../../stack/process.ts'
import { TOOLS } from '../../stack/tools.ts'
import { RECORDED_LOKI } from '../logql/recorded.ts'
import { ownStackEnv, temporaryFolder, vigie } from './harness.ts'

// No Docker engine is needed: the files are checked with Docker's own libraries, and with the engines' own checks.

type Mount = { type: string; source: string; target: string; read_only?: boolean }
type Service = {
  image: string
  build?: { context: string; dockerfile: string; target: string }
  user: string
  entrypoint?: string[]
  read_only?: boolean
  mem_limit: string
  restart: string
  cap_drop: string[]
  security_opt: string[]
  tmpfs?: string[]
  ports?: { host_ip?: string; target: number; published: string }[]
  volumes?: Mount[]
  environment: Record<string, string>
  healthcheck: { test?: string[]; disable?: boolean }
  depends_on?: Record<string, { condition: string }>
}

const run = promisify(execFile)
const COMPOSE = join(DOCKER_FOLDER, 'compose.yaml')
/** Nothing of this machine's environment decides what is loaded. */
const clean = basicsOf(process.env)

async function dockerCheck(...args: string[]): Promise<string> {
  const { stdout } = await run(await programOf('docker-check'), args, { env: clean })
  return stdout
}

let services: Record<string, Service> = {}
let named: [string, Service][] = []
beforeAll(async () => {
  const folder = temporaryFolder()
  ensureSecrets(folder)
  const model = JSON.parse(await dockerCheck('compose', COMPOSE, join(folder, '.env')))
  services = model.services
  named = Object.entries(services)
})
const each = (check: (service: Service, name: string) => unknown) =>
  Object.fromEntries(named.map(([name, service]) => [name, check(service, name)]))
const all = (value: unknown) => Object.fromEntries(named.map(([name]) => [name, value]))

describe('compose.yaml, with the secrets that `vigie up` makes', () => {
  test('has every part of the stack', () => {
    expect(Object.keys(services).sort()).toEqual([
      ...['alertmanager', 'grafana', 'kafka', 'loki', 'maildev'],
      ...['producer', 's3', 'sample', 'shipper', 'tracker'],
    ])
  })

  test('pins every image to a release, the native stack’s own where it has one', () => {
    const isPinned = ({ image, build }: Service) => build !== undefined || /:v?\d+\.\d+\.\d+$/.test(image)
    expect(each(isPinned)).toEqual(all(true))
    expect(services.kafka?.image).toBe(`apache/kafka:${ENGINES.kafka.version}`)
    expect(services.loki?.image).toBe(`grafana/loki:${RECORDED_LOKI}`)
  })

  test('runs the shipper as the native stack does', () => {
    expect(services.shipper?.entrypoint).toEqual(['node', ...NODE_FLAGS, 'bin/vigie.js'])
  })

  test('runs everything without rights: no root, no capabilities, nothing gained, nothing written but where said', () => {
    expect(each(({ user }) => /^[1-9]\d*:\d+$/.test(user))).toEqual(all(true))
    expect(each(({ cap_drop }) => cap_drop)).toEqual(all(['ALL']))
    expect(each(({ security_opt }) => security_opt)).toEqual(all(['no-new-privileges:true']))
    expect(each(({ read_only }) => read_only)).toEqual(all(true))
    const isReadOnly = ({ volumes = [] }: Service) =>
      volumes.every(({ type, read_only }) => type !== 'bind' || read_only === true)
    expect(each(isReadOnly)).toEqual(all(true))
  })

  test('limits the memory of everything', () => {
    expect(each(({ mem_limit }) => Number(mem_limit) >= 128 * 1_048_576)).toEqual(all(true))
  })

  test('opens ports on 127.0.0.1 only, each once', () => {
    const ports = named.flatMap(([, service]) => service.ports ?? [])
    expect(ports.map(({ host_ip }) => host_ip)).toEqual(ports.map(() => '127.0.0.1'))
    const numbers = ports.map(({ published }) => Number(published)).sort((a, b) => a - b)
    expect(numbers).toEqual([1080, 3000, 3100, 7070, 9092, 9093, 9998, 9999])
  })

  test('asks everything that stays whether it is healthy, and starts nothing before what it needs is', () => {
    const isOnce = ({ restart }: Service) => restart === 'no'
    expect(each(({ healthcheck }) => healthcheck.test?.[0] ?? 'none')).toEqual(
      each((service) => (isOnce(service) ? 'none' : 'CMD')),
    )
    const conditions = ({ depends_on = {} }: Service) =>
      Object.entries(depends_on).every(
        ([name, { condition }]) =>
          condition ===
          (isOnce(services[name] as Service) ? 'service_completed_successfully' : 'service_healthy'),
      )
    expect(each(conditions)).toEqual(all(true))
  })

  test('gives Kafka a /tmp that it can run its codecs’ native code from', () => {
    expect(services.kafka?.tmpfs).toContain('/tmp:exec')
  })

  test('mounts files that are there', () => {
    const sources = named
      .flatMap(([, { volumes = [] }]) => volumes.filter(({ type }) => type === 'bind'))
      .map(({ source }) => source)
    expect(sources.length).toBeGreaterThan(3)
    expect(sources.filter((source) => !existsSync(source))).toEqual([])
  })

  test.each(['VIGIE_S3_ACCESS_KEY_ID', 'VIGIE_S3_SECRET_ACCESS_KEY', 'GRAFANA_ADMIN_PASSWORD'])(
    'without %s it is an error that says what to do',
    async (name) => {
      const folder = temporaryFolder()
      ensureSecrets(folder)
      const file = join(folder, '.env')
      const rest = readFileSync(file, 'utf8').replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=`)
      writeFileSync(file, rest)
      await expect(dockerCheck('compose', COMPOSE, file)).rejects.toMatchObject({
        stderr: expect.stringMatching(`${name} is missing a value: run "vigie up --engine docker"`),
      })
    },
  )
})

describe('Dockerfile', () => {
  test('Docker’s own linter has nothing to say', async () => {
    const found = JSON.parse(await dockerCheck('dockerfile', join(DOCKER_FOLDER, 'Dockerfile')))
    expect(found).toEqual({ error: null, warnings: null })
  })

  test('builds from pinned images what compose.yaml asks for', () => {
    const text = readFileSync(join(DOCKER_FOLDER, 'Dockerfile'), 'utf8')
    const stages = [...text.matchAll(/^FROM (\S+) AS (\S+)$/gm)].map(([, from, name]) => ({ from, name }))
    const names = stages.map(({ name }) => name)
    const isPinned = (from = '') => names.includes(from) || /:v?\d+\.\d+\.\d+(-[\w-]+)?$/.test(from)
    expect(stages.filter(({ from }) => !isPinned(from))).toEqual([])
    expect(text).toContain(`versity/versitygw:v${ENGINES.versitygw.version}`)
    for (const [, { build }] of named) if (build !== undefined) expect(names).toContain(build.target)
  })

  test('is sent all sources, no secrets, no packages', async () => {
    const files = (await dockerCheck('context', PROJECT_ROOT, join(DOCKER_FOLDER, 'Dockerfile.dockerignore')))
      .trim()
      .split('\n')
    const { include } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'tsconfig.json'), 'utf8'))
    const without = (include as string[]).filter(
      (folder) => !files.some((file) => file.startsWith(`${folder}/`)),
    )
    expect(without).toEqual([])
    for (const file of ['package-lock.json', 'tsconfig.json', 'bin/vigie.js', 'producer/sample/logs.json'])
      expect(files).toContain(file)
    expect(files.filter((file) => /(^|\/)(node_modules|dist|\.git|\.vigie|\.env)(\/|$)/.test(file))).toEqual(
      [],
    )
  })
})

describe('the engines’ own checks of the files, with the variables of compose.yaml', () => {
  test('every variable of loki.yaml is set', () => {
    const text = readFileSync(join(PROJECT_ROOT, 'loki', 'loki.yaml'), 'utf8')
    const variables = new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? ''))
    const environment = services.loki?.environment ?? {}
    expect([...variables].filter((name) => !environment[name])).toEqual([])
  })

  test('Kafka: the image’s own program makes the settings and formats the storage', async () => {
    const folder = temporaryFolder()
    for (const name of ['default', 'mounted', 'final', 'data']) mkdirSync(join(folder, name))
    for (const name of ['server.properties', 'log4j2.yaml', 'tools-log4j2.yaml'])
      writeFileSync(join(folder, 'default', name), '\n')
    const mounted = services.kafka?.volumes?.find(({ target }) => target.endsWith('server.properties'))
    copyFileSync(mounted?.source ?? '', join(folder, 'mounted', 'server.properties'))
    // As /etc/kafka/docker/launch of apache/kafka:4.1.0 does it; the cluster's id is that image's default.
    const dirs = ['default', 'mounted', 'final'].flatMap((name) => [
      `--${name}-configs-dir`,
      join(folder, name),
    ])
    const args = ['-cp', await kafkaClassPath(), 'kafka.docker.KafkaDockerWrapper', 'setup', ...dirs]
    const { stdout } = await run(TOOLS.java.command(), args, {
      env: {
        ...clean,
        ...services.kafka?.environment,
        CLUSTER_ID: '5L6g3nShT-eMCtK--X86sw',
        KAFKA_LOG_DIRS: join(folder, 'data'),
      },
    })
    expect(stdout).toContain('Formatting')
    expect(existsSync(join(folder, 'data', 'meta.properties'))).toBe(true)
    const text = readFileSync(join(folder, 'final', 'server.properties'), 'utf8')
    const properties = new Map(
      [...text.matchAll(/^([^#=\s]+)=(.*)$/gm)].map(([, key, value]) => [key, value]),
    )
    expect([...properties].filter(([, value]) => value?.includes('${'))).toEqual([])
    expect(properties.get('advertised.listeners')).toBe('PLAINTEXT://kafka:9092,HOST://127.0.0.1:9092')
    expect(properties.get('auto.create.topics.enable')).toBe('false')
  })
})

describe('vigie --engine docker, where Docker cannot be used', () => {
  test.each([['up'], ['down'], ['status'], ['logs']])('%s says so in one sentence', async (command) => {
    const env = { ...(await ownStackEnv()), PATH: '/nowhere' }
    const { code, stdout, stderr } = await vigie([command, '--engine', 'docker'], env)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe(
      'vigie: The Docker stack was asked for, but Docker cannot be used here (there is no docker program). Start or install it, or use --engine native.\n',
    )
  })

  test('VIGIE_ENGINE says the same; another word is an error that names those allowed', async () => {
    const env = { ...(await ownStackEnv()), PATH: '/nowhere' }
    expect((await vigie(['status'], { ...env, VIGIE_ENGINE: 'docker' })).code).toBe(2)
    const { code, stderr } = await vigie(['status'], { ...env, VIGIE_ENGINE: 'podman' })
    expect(code).toBe(2)
    expect(stderr).toContain('VIGIE_ENGINE = "podman"')
  })
})
