import { mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { NODE_FLAGS } from '../embedded/node-flags.ts'
import { type LokiSettings, lokiSettings } from '../loki/config.ts'
import { isReady } from '../loki/query.ts'
import { rulerFiles } from '../rules/ruler.ts'
import { localAlertmanagerUrl } from './alertmanager.ts'
import { PROJECT_ROOT } from './config.ts'
import { diskFullError } from './disk.ts'
import { type Command } from './process.ts'
import { type Service, type StackContext } from './service.ts'
import { type LocalLoki, localLoki } from './which-loki.ts'

const CONFIG_FILE = join(PROJECT_ROOT, 'loki', 'loki.yaml')

const localUrl = ({ stack }: StackContext): string => `http://127.0.0.1:${stack.VIGIE_LOKI_PORT}`

/** The local Loki asks for no credentials. */
const localSettings = (context: StackContext): LokiSettings =>
  lokiSettings.parse({ LOKI_URL: localUrl(context) })

/** Each of the two keeps its data in a form of its own. */
const folderOf = ({ home, stack }: Pick<StackContext, 'home' | 'stack'>): string =>
  home.data(localLoki(stack).kind === 'program' ? 'loki' : 'loki-embedded')

/** Where the ruler of a Loki without tenants looks for its rules. */
export const rulesFolder = (context: Pick<StackContext, 'home' | 'stack'>): string =>
  join(folderOf(context), 'rules', 'fake')

/** The catalogue's rules, for the sources that `vigie.yaml` declares, by path. */
const rules = (context: StackContext): Record<string, string> =>
  Object.fromEntries(
    rulerFiles(context.declarations()).map(({ path, content }) => [
      join(rulesFolder(context), basename(path)),
      content,
    ]),
  )

/** The variables that `loki/loki.yaml` is read with. */
const variables = (context: StackContext): Record<string, string> => ({
  LOKI_LISTEN_ADDRESS: '127.0.0.1',
  LOKI_HTTP_PORT: String(context.stack.VIGIE_LOKI_PORT),
  LOKI_GRPC_PORT: String(context.stack.VIGIE_LOKI_GRPC_PORT),
  LOKI_DATA_DIR: folderOf(context),
  LOKI_ALERTMANAGER_URL: context.alerts.ALERTMANAGER_URL ?? localAlertmanagerUrl(context),
  LOKI_RETENTION_PERIOD: context.stack.LOKI_RETENTION_PERIOD,
})

/** How each of the two is started; both read the same file. */
function commandOf(loki: LocalLoki, context: StackContext): Command {
  const common = { env: variables(context), cwd: folderOf(context) }
  if (loki.kind === 'program')
    return { ...common, file: loki.path, args: [`-config.file=${CONFIG_FILE}`, '-config.expand-env=true'] }
  return {
    ...common,
    file: process.execPath,
    args: [...NODE_FLAGS, join(PROJECT_ROOT, 'bin', 'vigie.js'), 'loki', 'serve', '--config', CONFIG_FILE],
  }
}

/** A `loki` program found here, or the embedded store: one process over a folder. */
export const lokiService: Service = {
  name: 'loki',
  title: 'Loki',
  seesOwnVariablesOnly: true,
  configFiles: ['loki/loki.yaml'],
  runsOn: [],
  after: [],
  ports: ({ stack }) => {
    const http = { port: stack.VIGIE_LOKI_PORT, setting: 'VIGIE_LOKI_PORT' }
    const grpc = { port: stack.VIGIE_LOKI_GRPC_PORT, setting: 'VIGIE_LOKI_GRPC_PORT' }
    return localLoki(stack).kind === 'program' ? [http, grpc] : [http]
  },
  address: localUrl,
  files: rules,
  async prepare(context) {
    try {
      // A rule that is no longer there must not be evaluated.
      rmSync(rulesFolder(context), { recursive: true, force: true })
      mkdirSync(rulesFolder(context), { recursive: true })
    } catch (error) {
      throw diskFullError(error, folderOf(context))
    }
  },
  command: async (context) => commandOf(localLoki(context.stack), context),
  waitsFor: async (context) =>
    (await isReady(localSettings(context))) ? undefined : '/ready does not answer 200 yet',
  readyWithinMs: 60_000,
  endsWithinMs: 60_000,
}
