import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { readConfig } from '../embedded/config.ts'
import { serveStore } from '../embedded/main.ts'
import { setLateFlags } from '../embedded/node-flags.ts'
import { fileProblemOf, vigieError } from '../service/errors.ts'
import { loggerSettings } from '../service/log.ts'
import { settingsFrom } from '../service/settings.ts'
import { aborted, stopSignal } from '../service/shutdown.ts'
import { PROJECT_ROOT, stackSettings } from '../stack/config.ts'
import { lokiExportCommand } from './loki-export.ts'
import { defaultFolder, storeIn } from './loki-folder.ts'
import { portNumber } from './options.ts'

const CONFIG_FILE = join(PROJECT_ROOT, 'loki', 'loki.yaml')

type ServeOptions = { port?: number; data?: string; config: string; authEnabled?: boolean }

/** The variables of loki/loki.yaml, for who starts it by hand. */
function variables({ port, data }: ServeOptions): Record<string, string | undefined> {
  const { VIGIE_LOKI_PORT } = settingsFrom(stackSettings, process.env)
  const folder = data ?? process.env.LOKI_DATA_DIR ?? defaultFolder()
  return {
    ...process.env,
    LOKI_LISTEN_ADDRESS: process.env.LOKI_LISTEN_ADDRESS ?? '127.0.0.1',
    LOKI_HTTP_PORT: String(port ?? process.env.LOKI_HTTP_PORT ?? VIGIE_LOKI_PORT),
    LOKI_GRPC_PORT: process.env.LOKI_GRPC_PORT ?? '9095',
    LOKI_DATA_DIR: resolve(folder),
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw vigieError('CONFIG_FILE_UNREADABLE', { file, problem: fileProblemOf(error) }, error)
  }
}

const serveCommand = (): Command =>
  new Command('serve')
    .description("Serve Loki's HTTP API over a folder, until Ctrl-C. It needs no Kafka and nothing else.")
    .option(
      '-p, --port <port>',
      'the port of the HTTP API, on 127.0.0.1; 0 takes a free one (VIGIE_LOKI_PORT)',
      portNumber,
    )
    .option('-d, --data <folder>', "where the logs are kept (.vigie's own when left out)")
    .addOption(
      new Option('--config <file>', "a configuration in the form of Loki's own").default(
        CONFIG_FILE,
        "Vigie's loki/loki.yaml",
      ),
    )
    .option('--auth-enabled', 'ask each request for its tenant (X-Scope-OrgID)')
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie loki serve --port 3100 --data ./logs-store\n  $ curl -s 127.0.0.1:3100/ready\n\nWhat it promises and when to use Loki instead: docs/embedded.md',
    )
    .action(async (options: ServeOptions) => {
      setLateFlags()
      const environment = variables(options)
      const read = readConfig(textOf(options.config), environment, options.config)
      const config = options.authEnabled ? { ...read, auth_enabled: true } : read
      const folder = storeIn(environment.LOKI_DATA_DIR ?? '')
      // Loaded here: other commands need no logger.
      const { closeLogger, createLogger } = await import('../service/logger.ts')
      const log = createLogger('loki', settingsFrom(loggerSettings, process.env))
      const stop = stopSignal()
      const { http_listen_address, http_listen_port } = config.server
      const served = await serveStore({
        ...{ folder, config, log, port: options.port ?? http_listen_port },
        ...(http_listen_address ? { host: http_listen_address } : {}),
      })
      try {
        log.info('ready', { url: served.url, folder })
        await aborted(stop)
      } finally {
        await served.close()
        log.info('stopped')
        await closeLogger(log)
      }
    })

export const lokiCommand = (): Command =>
  new Command('loki')
    .description('The embedded store, which answers as Loki where there is none.')
    .addCommand(serveCommand())
    .addCommand(lokiExportCommand())
