import { existsSync } from 'node:fs'
import { z } from 'zod'
import { trackerSettings } from '../incidents/config.ts'
import { kafkaSettings } from '../kafka/config.ts'
import { lokiSettings } from '../loki/config.ts'
import { producerSettings, producerYaml } from '../producer/config.ts'
import { alertSettings, withMailServer } from '../prometheus/config.ts'
import { type Declaration, sourcesYaml } from '../rules/sources.ts'
import { loggerSettings } from '../service/log.ts'
import { optionalText, readYaml, settingsFrom } from '../service/settings.ts'
import { shipperSettings } from '../shipper/config.ts'
import { homeOf, stackSettings } from '../stack/config.ts'
import { openHome } from '../stack/home.ts'
import { SERVICE_NAMES, type ServiceName, type StackContext } from '../stack/service.ts'

export const fileSettings = z.object({
  VIGIE_CONFIG: optionalText.describe(
    'the configuration file; `vigie.yaml` in the current folder, if there is one, when unset',
  ),
})

/** Every setting that comes from the environment, grouped as the documentation shows them. */
export const SETTING_GROUPS = [
  { title: 'Kafka', schema: kafkaSettings },
  { title: 'Loki', schema: lokiSettings },
  { title: 'Replay', schema: producerSettings },
  { title: 'Shipper', schema: shipperSettings },
  { title: 'Tracker of incidents', schema: trackerSettings },
  { title: 'Alerts by e-mail', schema: alertSettings },
  { title: "Vigie's own logs and files", schema: loggerSettings.extend(fileSettings.shape) },
  { title: 'Local engines', schema: stackSettings },
] as const

/** The AWS SDK's settings that say where S3 is or who asks: with any of them, no local S3 is needed. */
const AWS_SETTINGS = [
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL',
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
] as const

/** The services whose place somebody else takes, and the variable that says so. */
export function externalServices(env: NodeJS.ProcessEnv): Map<ServiceName, string> {
  const set = (name: string) => env[name] !== undefined && env[name] !== ''
  const external = new Map<ServiceName, string>()
  const aws = AWS_SETTINGS.find(set)
  if (aws !== undefined) external.set('s3', aws)
  if (set('KAFKA_BROKERS')) external.set('kafka', 'KAFKA_BROKERS')
  if (set('LOKI_URL')) external.set('loki', 'LOKI_URL')
  // Who evaluates rules elsewhere has an Alertmanager there; who has one elsewhere sends no mail from here.
  const alertmanager = ['LOKI_URL', 'ALERTMANAGER_URL'].find(set)
  if (alertmanager !== undefined) external.set('alertmanager', alertmanager)
  const mail = alertmanager ?? ['SMTP_HOST'].find(set)
  if (mail !== undefined) external.set('maildev', mail)
  return external
}

/** The services that have to run here. */
export function localServices(env: NodeJS.ProcessEnv): ServiceName[] {
  const external = externalServices(env)
  return SERVICE_NAMES.filter((name) => !external.has(name))
}

/**
 * All settings, each parsed once. Whatever the environment leaves open points at the local engines.
 * Throws CONFIG_INVALID with all the problems of the first group that has any.
 */
export function readSettings(env: NodeJS.ProcessEnv) {
  const stack = settingsFrom(stackSettings, env)
  const effective = {
    ...env,
    KAFKA_BROKERS: env.KAFKA_BROKERS || `127.0.0.1:${stack.VIGIE_KAFKA_PORT}`,
    LOKI_URL: env.LOKI_URL || `http://127.0.0.1:${stack.VIGIE_LOKI_PORT}`,
  }
  return {
    stack,
    kafka: settingsFrom(kafkaSettings, effective),
    loki: settingsFrom(lokiSettings, effective),
    producer: settingsFrom(producerSettings, effective),
    shipper: settingsFrom(shipperSettings, effective),
    alerts: settingsFrom(alertSettings, withMailServer(effective, stack.VIGIE_SMTP_PORT)),
    tracker: settingsFrom(trackerSettings, effective),
    logger: settingsFrom(loggerSettings, effective),
  }
}
export type Settings = ReturnType<typeof readSettings>

/** Opens the stack's folder for these settings. Throws DISK_FULL or PATH_NOT_WRITABLE. */
export function stackContext(settings: Settings, env: NodeJS.ProcessEnv): StackContext {
  let declared: readonly Declaration[] | undefined
  const declarations = () => {
    declared ??= readConfigFile(env).sources
    return declared
  }
  const { stack, kafka, loki, shipper, tracker, alerts } = settings
  return { home: openHome(homeOf(stack)), stack, kafka, loki, shipper, tracker, alerts, declarations, env }
}

const yamlSchema = z.strictObject({ ...producerYaml, ...sourcesYaml })

/** What `vigie.yaml` says; nothing when there is none. Throws CONFIG_FILE_UNREADABLE, CONFIG_INVALID. */
export function readConfigFile(env: NodeJS.ProcessEnv): z.infer<typeof yamlSchema> {
  const named = settingsFrom(fileSettings, env).VIGIE_CONFIG
  const file = named ?? 'vigie.yaml'
  if (named === undefined && !existsSync(file)) return yamlSchema.parse({})
  // A file that only has comments says nothing.
  return readYaml(
    file,
    z.preprocess((content) => content ?? {}, yamlSchema),
  )
}
