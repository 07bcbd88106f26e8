import { z } from 'zod'
import { flag } from './settings.ts'

export const loggerSettings = z.object({
  LOG_LEVEL: z
    .enum(['error', 'warn', 'info', 'debug'])
    .default('info')
    .describe("least severe level that Vigie's own logs show: error, warn, info or debug"),
  LOG_TO_LOKI: flag(true).describe(
    'also push the services\' own logs to Loki, under `{job="vigie"}`, where an alert watches them',
  ),
})
export type LoggerSettings = z.infer<typeof loggerSettings>

type Log = (message: string, details?: Record<string, unknown>) => unknown

/** What a service says of itself. Apart from its making, so that a command without logs loads no logger. */
export type Logger = { error: Log; warn: Log; info: Log; debug: Log }
