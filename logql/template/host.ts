import { isIP } from 'node:net'

/** Splits `host:port` and `[v6]:port` as Go's `net.SplitHostPort`; undefined where Go has an error. Pure. */
export function splitHostPort(text: string): { host: string; port: string } | undefined {
  const found = /^(?:\[([^[\]]*)\]|([^[\]:]*)):([^[\]:]*)$/.exec(text)
  if (found === null) return undefined
  return { host: found[1] ?? found[2] ?? '', port: found[3] ?? '' }
}

/** The host without its port. Pure. */
export const stripPort = (text: string): string => splitHostPort(text)?.host ?? text

/** The first name of a host, its port kept; an address stays as it is. Pure. */
export function stripDomain(text: string): string {
  const { host, port } = splitHostPort(text) ?? { host: text, port: '' }
  if (isIP(host) !== 0) return text
  const name = host.split('.')[0] ?? ''
  if (port === '') return name
  return name.includes(':') || name.includes('%') ? `[${name}]:${port}` : `${name}:${port}`
}
