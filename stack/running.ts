import { readFileSync } from 'node:fs'
import { type Running, runningOf } from './home.ts'
import { listenerOn } from './ports.ts'
import { type Command, startOf } from './process.ts'
import { type Service, type StackContext } from './service.ts'

/** Tells a process of this stack from anybody's, even when no record of it was written. */
const MARK = 'VIGIE_STACK_SERVICE'
const markOf = ({ home }: StackContext, service: Service): string => `${service.name}@${home.path}`

export const marked = (command: Command, context: StackContext, service: Service): Command => ({
  ...command,
  env: { ...command.env, [MARK]: markOf(context, service) },
})

/**
 * The process of a service: by its record, or, when a vigie was killed between starting it and
 * writing that down, by its port and the mark in its environment (where the system shows it).
 */
export function findRunning(context: StackContext, service: Service): Running | undefined {
  const recorded = runningOf(context.home, service.name)
  if (recorded !== undefined) return recorded
  const mark = `${MARK}=${markOf(context, service)}`
  for (const { port } of service.ports(context)) {
    const pid = listenerOn(port)?.pid
    const startedAt = pid === undefined ? undefined : startOf(pid)
    if (pid === undefined || startedAt === undefined || !environmentOf(pid).includes(mark)) continue
    return { pid, startedAt, fingerprint: 'unknown', upSince: '' }
  }
  return undefined
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return [] // Not ours to read, so not ours.
  }
}
