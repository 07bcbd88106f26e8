import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { alertmanagerFiles } from '../prometheus/alertmanager.ts'
import { ownersOf } from '../rules/sources.ts'
import { PROJECT_ROOT } from './config.ts'
import { programOf } from './engines.ts'
import { httpProblem } from './ports.ts'
import { type Service, type StackContext } from './service.ts'

export const localAlertmanagerUrl = ({ stack }: Pick<StackContext, 'stack'>): string =>
  `http://127.0.0.1:${stack.VIGIE_ALERTMANAGER_PORT}`

const folderOf = ({ home }: StackContext): string => home.data('alertmanager')

/** The templates of mails and messages, by name. */
export function messageTemplates(): Record<string, string> {
  const folder = join(PROJECT_ROOT, 'prometheus')
  const names = readdirSync(folder).filter((name) => name.endsWith('.tmpl'))
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

/** The real Alertmanager: takes what Loki's ruler finds, and decides who is told, how and when. */
export const alertmanagerService: Service = {
  name: 'alertmanager',
  title: 'Alertmanager',
  engine: 'alertmanager',
  configFiles: [],
  runsOn: [],
  after: [],
  ports: ({ stack }) => [{ port: stack.VIGIE_ALERTMANAGER_PORT, setting: 'VIGIE_ALERTMANAGER_PORT' }],
  address: localAlertmanagerUrl,
  files(context) {
    const folder = join(folderOf(context), 'config')
    const files = alertmanagerFiles(
      context.alerts,
      ownersOf(context.declarations()),
      context.loki.LOKI_URL,
      messageTemplates(),
      folder,
    )
    return Object.fromEntries(Object.entries(files).map(([name, content]) => [join(folder, name), content]))
  },
  command: async (context) => ({
    file: await programOf('alertmanager'),
    args: [
      `--config.file=${join(folderOf(context), 'config', 'alertmanager.yml')}`,
      // Who was told what already, and silences: both outlive a restart.
      `--storage.path=${join(folderOf(context), 'state')}`,
      `--web.listen-address=127.0.0.1:${context.stack.VIGIE_ALERTMANAGER_PORT}`,
      `--web.external-url=${localAlertmanagerUrl(context)}`,
      // One of its kind: without this it listens for others on every address.
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    env: {},
    cwd: folderOf(context),
  }),
  waitsFor: (context) => httpProblem(`${localAlertmanagerUrl(context)}/-/ready`),
  readyWithinMs: 30_000,
  endsWithinMs: 10_000,
}
