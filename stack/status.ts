import { recordOf } from './home.ts'
import { findRunning } from './running.ts'
import { SERVICE_NAMES, type ServiceName, type StackContext } from './service.ts'
import { SERVICES } from './services.ts'

/** How a service stands. `waitsFor` says what a service that runs is not ready for. */
export type ServiceStatus = {
  name: ServiceName
  state: 'ready' | 'not ready' | 'stopped' | 'died'
  pid?: number
  upSince?: string
  address: string
  waitsFor?: string
}

/** Asks every service how it stands, each itself. */
export function status(context: StackContext): Promise<ServiceStatus[]> {
  return Promise.all(
    SERVICE_NAMES.map(async (name): Promise<ServiceStatus> => {
      const service = SERVICES[name]
      const address = service.address(context)
      const running = findRunning(context, service)
      if (running === undefined)
        return { name, state: recordOf(context.home, name) === undefined ? 'stopped' : 'died', address }
      const waitsFor = await service.waitsFor(context)
      const { pid, upSince } = running
      if (waitsFor === undefined) return { name, state: 'ready', pid, upSince, address }
      return { name, state: 'not ready', pid, upSince, address, waitsFor }
    }),
  )
}
