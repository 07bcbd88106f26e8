import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { optionalText, port } from '../service/settings.ts'

/** The folder of the project: two levels above the compiled file. */
export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What can run the stack: processes of this machine, or containers. */
export const STACK_ENGINES = ['native', 'docker'] as const
export type StackEngine = (typeof STACK_ENGINES)[number]

/** Where the local engines listen and keep their data. */
export const stackSettings = z.object({
  VIGIE_ENGINE: z
    .enum(STACK_ENGINES)
    .optional()
    .describe('what runs the stack: `native` or `docker`; Docker where it answers when unset'),
  VIGIE_LOKI: z
    .enum(['embedded'])
    .optional()
    .describe(
      '`embedded`: the embedded store, whatever else is here; when unset a `loki` program if there is one',
    ),
  VIGIE_LOKI_PROGRAM: optionalText.describe(
    'path of a `loki` program, 3.4 or newer; the one on PATH, if there is one, when unset',
  ),
  VIGIE_HOME: optionalText.describe(
    "folder of the local engines' data and logs; `.vigie` in the project when unset",
  ),
  VIGIE_S3_PORT: port(7070).describe('port of the local S3 server'),
  VIGIE_KAFKA_PORT: port(9092).describe('port of the local Kafka'),
  VIGIE_KAFKA_CONTROLLER_PORT: port(29093).describe("port of the local Kafka's KRaft controller"),
  VIGIE_LOKI_PORT: port(3100).describe('port of the local Loki'),
  VIGIE_LOKI_GRPC_PORT: port(9095).describe(
    'port of the gRPC of a `loki` program; the embedded store has none',
  ),
  VIGIE_ALERTMANAGER_PORT: port(9093).describe('port of the local Alertmanager'),
  VIGIE_SMTP_PORT: port(1025).describe('port of maildev, the local mail server'),
  VIGIE_MAIL_PAGE_PORT: port(1080).describe('port of the page that shows the mails that maildev caught'),
  LOKI_RETENTION_PERIOD: z
    .string()
    .regex(/^(0s|[1-9]\d*(h|d|w|y))$/, '0s, or a duration such as 720h or 30d')
    .default('0s')
    .describe('how long the local Loki keeps logs, at least 24h; `0s` keeps them for ever'),
})
export type StackSettings = z.infer<typeof stackSettings>

export const homeOf = (settings: StackSettings): string =>
  resolve(settings.VIGIE_HOME ?? `${PROJECT_ROOT}/.vigie`)
