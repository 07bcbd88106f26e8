import { type TrackerSettings } from '../incidents/config.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { type LokiSettings } from '../loki/config.ts'
import { type AlertSettings } from '../prometheus/config.ts'
import { type Declaration } from '../rules/sources.ts'
import { type ShipperSettings } from '../shipper/config.ts'
import { type StackSettings } from './config.ts'
import { type EngineName } from './engines.ts'
import { type Home } from './home.ts'
import { type Command } from './process.ts'
import { type ToolName } from './tools.ts'

export const SERVICE_NAMES = ['s3', 'kafka', 'loki', 'alertmanager', 'maildev', 'tracker', 'shipper'] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]

/** Everything a service needs to know to be started. */
export type StackContext = {
  home: Home
  stack: StackSettings
  kafka: KafkaSettings
  loki: LokiSettings
  shipper: ShipperSettings
  tracker: TrackerSettings
  alerts: AlertSettings
  /** What `vigie.yaml` says of sources; read once, when it is first asked for: a broken one stops no `vigie down`. */
  declarations: () => readonly Declaration[]
  env: NodeJS.ProcessEnv
}

/** One moving part of the stack, an engine or a process of our own. */
export type Service = {
  name: ServiceName
  title: string
  engine?: EngineName
  /** Like an engine it sees none of our environment but what its command names. */
  seesOwnVariablesOnly?: true
  /** Programs that it needs while it runs. */
  runsOn: readonly ToolName[]
  /** Services that must be ready before this one starts. */
  after: readonly ServiceName[]
  ports: (context: StackContext) => { port: number; setting: string }[]
  /** Where people reach it. */
  address: (context: StackContext) => string
  /** Files of the project that decide how it behaves, besides its command. */
  configFiles: readonly string[]
  /** Files that are made from the settings, by path: written before each start, readable by their owner only. */
  files?: (context: StackContext) => Readonly<Record<string, string>>
  /** What is done before each start: formats storage, makes folders. */
  prepare?: (context: StackContext) => Promise<void>
  command: (context: StackContext) => Promise<Command>
  /** Asks the service itself: undefined once it is ready, else what it waits for. */
  waitsFor: (context: StackContext) => Promise<string | undefined>
  /** What is done each time it has become ready: topics, the sample. */
  finish?: (context: StackContext) => Promise<void>
  /** How long it may take to become ready, and to end when asked. */
  readyWithinMs: number
  endsWithinMs: number
}
