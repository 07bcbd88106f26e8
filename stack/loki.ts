import { mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type LokiSettings, lokiSettings } from '../loki/config.ts'
import { isReady } from '../loki/query.ts'
import { rulerFiles } from '../rules/ruler.ts'
import { localAlertmanagerUrl } from './alertmanager.ts'
import { PROJECT_ROOT } from './config.ts'
import { diskFullError } from './disk.ts'
import { programOf } from './engines.ts'
import { type Service, type StackContext } from './service.ts'

const localUrl = ({ stack }: StackContext): string => `http://127.0.0.1:${stack.VIGIE_LOKI_PORT}`

/** The local Loki asks for no credentials. */
const localLoki = (context: StackContext): LokiSettings => lokiSettings.parse({ LOKI_URL: localUrl(context) })

/** Where the ruler of a Loki without tenants looks for its rules. */
const rulesFolder = ({ home }: Pick<StackContext, 'home'>): string => join(home.data('loki'), 'rules', 'fake')

/** The catalogue's rules, for the sources that `vigie.yaml` declares, by path. */
const rules = (context: StackContext): Record<string, string> =>
  Object.fromEntries(
    rulerFiles(context.declarations()).map(({ path, content }) => [
      join(rulesFolder(context), basename(path)),
      content,
    ]),
  )

/** The real Loki, one process over a folder. */
export const lokiService: Service = {
  name: 'loki',
  title: 'Loki',
  engine: 'loki',
  configFiles: ['loki/loki.yaml'],
  runsOn: [],
  after: [],
  ports: ({ stack }) => [
    { port: stack.VIGIE_LOKI_PORT, setting: 'VIGIE_LOKI_PORT' },
    { port: stack.VIGIE_LOKI_GRPC_PORT, setting: 'VIGIE_LOKI_GRPC_PORT' },
  ],
  address: localUrl,
  files: rules,
  async prepare(context) {
    try {
      // A rule that is no longer there must not be evaluated.
      rmSync(rulesFolder(context), { recursive: true, force: true })
      mkdirSync(rulesFolder(context), { recursive: true })
    } catch (error) {
      throw diskFullError(error, context.home.data('loki'))
    }
  },
  command: async ({ home, stack, alerts }) => ({
    file: await programOf('loki'),
    args: [`-config.file=${join(PROJECT_ROOT, 'loki', 'loki.yaml')}`, '-config.expand-env=true'],
    env: {
      LOKI_LISTEN_ADDRESS: '127.0.0.1',
      LOKI_HTTP_PORT: String(stack.VIGIE_LOKI_PORT),
      LOKI_GRPC_PORT: String(stack.VIGIE_LOKI_GRPC_PORT),
      LOKI_DATA_DIR: home.data('loki'),
      LOKI_ALERTMANAGER_URL: alerts.ALERTMANAGER_URL ?? localAlertmanagerUrl({ stack }),
      LOKI_RETENTION_PERIOD: stack.LOKI_RETENTION_PERIOD,
    },
    cwd: home.data('loki'),
  }),
  waitsFor: async (context) =>
    (await isReady(localLoki(context))) ? undefined : '/ready does not answer 200 yet',
  readyWithinMs: 60_000,
  endsWithinMs: 60_000,
}
