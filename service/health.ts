import { type AddressInfo } from 'node:net'
import express from 'express'
import { type Registry } from 'prom-client'
import { vigieError } from './errors.ts'

/** What stands in the way of serving; empty when nothing does. */
export type Readiness = () => string[]

export type HealthServer = { port: number; close: () => Promise<void> }

/**
 * Serves /healthz (200 while the process runs), /readyz (200 when `readiness` names nothing, else
 * 503 with the reasons) and /metrics. Port 0 takes a free one; `portSetting` is what PORT_IN_USE, which
 * it throws, names.
 */
export async function startHealthServer(
  host: string,
  port: number,
  registry: Registry,
  readiness: Readiness,
  portSetting: string,
): Promise<HealthServer> {
  const app = express()
  app.disable('x-powered-by')
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }))
  app.get('/readyz', (_request, response) => {
    const waitingFor = readiness()
    response
      .status(waitingFor.length === 0 ? 200 : 503)
      .json(waitingFor.length === 0 ? { status: 'ready' } : { status: 'not ready', waitingFor })
  })
  app.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics())
  })
  const server = await new Promise<ReturnType<typeof app.listen>>((resolve, reject) => {
    const listening = app.listen(port, host, (error?: Error) => (error ? reject(error) : resolve(listening)))
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw vigieError('PORT_IN_USE', {
      port,
      service: 'the health server',
      user: 'another process',
      setting: portSetting,
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
