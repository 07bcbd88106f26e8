import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { reasonOf, vigieError } from '../service/errors.ts'

/** True when a port of 127.0.0.1 can be listened on. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** True when something accepts connections there. Unlike listening, asking cannot get in its way. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Asks a service over HTTP: undefined when it answers 200, else what is in the way. */
export async function httpProblem(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    return answer.ok ? undefined : `${new URL(url).pathname} answers HTTP ${answer.status}`
  } catch (error) {
    return reasonOf((error as Error).cause ?? error)
  }
}

/** The process that listens on a port, where the system lets us see it (Linux, own processes). */
export function listenerOn(port: number): { pid: number; command: string } | undefined {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)))
  if (inodes.size === 0) return undefined
  for (const pid of numbersIn('/proc')) {
    for (const fd of numbersIn(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined && inodes.has(inode))
        return { pid, command: contentOf(`/proc/${pid}/comm`).trim() }
    }
  }
  return undefined
}

/** State 0A of /proc/net/tcp is LISTEN; addresses are hexadecimal. */
function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return contentOf(`/proc/net/${table}`)
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === '0A')
    .map((columns) => columns[9] ?? '')
}

// What cannot be read belongs to somebody else or has just ended: there is nothing to tell of it.
const readable = <Result>(read: () => Result, otherwise: Result): Result => {
  try {
    return read()
  } catch {
    return otherwise
  }
}
const contentOf = (path: string): string => readable(() => readFileSync(path, 'utf8'), '')
const linkOf = (path: string): string => readable(() => readlinkSync(path), '')
const numbersIn = (path: string): number[] =>
  readable(() => readdirSync(path), [])
    .map(Number)
    .filter(Number.isInteger)

/** Throws PORT_IN_USE, naming who uses it where that can be seen. */
export async function assertFree(port: number, service: string, setting: string): Promise<void> {
  if (await isFree(port)) return
  const user = listenerOn(port)
  throw vigieError('PORT_IN_USE', {
    port,
    service,
    setting,
    user: user === undefined ? 'another process' : `pid ${user.pid} (${user.command})`,
  })
}

/**
 * Where free ports are looked for: below those that Linux gives to outgoing connections (32768 on), one of
 * which could take a port between this and its use.
 */
const FREE_PORTS: PortRange = { from: 15_000, to: 32_000 }

/** Ports `from` to `to`, without the last. */
export type PortRange = { from: number; to: number }

const given = new Set<number>()

/**
 * A port of 127.0.0.1 that was free a moment ago; never the same one twice in this process. Another process
 * may be given it, too, until somebody listens on it.
 */
export async function freePort({ from, to } = FREE_PORTS): Promise<number> {
  for (;;) {
    const port = randomInt(from, to)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}
