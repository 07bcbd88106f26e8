import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { vigieError } from '../service/errors.ts'
import { accepts, httpProblem } from './ports.ts'
import { type Service, type StackContext } from './service.ts'

export const mailPageUrl = ({ stack }: Pick<StackContext, 'stack'>): string =>
  `http://127.0.0.1:${stack.VIGIE_MAIL_PAGE_PORT}`

/** Throws USAGE when npm was told to leave development packages out. */
function program(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('maildev/package.json')), 'bin', 'maildev')
  } catch (error) {
    throw vigieError(
      'USAGE',
      { problem: 'maildev, which catches mails here, is not installed: run npm ci, or set SMTP_HOST.' },
      error,
    )
  }
}

/** maildev takes any mail, sends none on, and shows what it caught in a browser. */
export const maildevService: Service = {
  name: 'maildev',
  title: 'maildev',
  seesOwnVariablesOnly: true,
  configFiles: [],
  runsOn: [],
  after: [],
  ports: ({ stack }) => [
    { port: stack.VIGIE_SMTP_PORT, setting: 'VIGIE_SMTP_PORT' },
    { port: stack.VIGIE_MAIL_PAGE_PORT, setting: 'VIGIE_MAIL_PAGE_PORT' },
  ],
  address: mailPageUrl,
  async prepare({ home }) {
    mkdirSync(home.data('maildev'), { recursive: true, mode: 0o700 })
  },
  command: async ({ home, stack }) => ({
    file: process.execPath,
    args: [
      program(),
      ...['--ip', '127.0.0.1', '--smtp', String(stack.VIGIE_SMTP_PORT)],
      ...['--web-ip', '127.0.0.1', '--web', String(stack.VIGIE_MAIL_PAGE_PORT)],
      ...['--mail-directory', home.data('maildev')],
    ],
    env: {},
    cwd: home.data('maildev'),
  }),
  async waitsFor(context) {
    if (!(await accepts(context.stack.VIGIE_SMTP_PORT))) return 'it does not take mails yet'
    return httpProblem(`${mailPageUrl(context)}/healthz`)
  },
  readyWithinMs: 30_000,
  endsWithinMs: 10_000,
}
