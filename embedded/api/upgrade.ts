import { type IncomingMessage, type Server } from 'node:http'
import { type Duplex } from 'node:stream'

/**
 * Has a server answer a request as if it did not ask for another protocol, as Go's server does with those that it does
 * not speak (`Upgrade: h2c`). Node hands such a request over without reading its body: it is read once more, without
 * what asks for the other protocol.
 */
export function withoutUpgrade(
  server: Server,
  request: IncomingMessage,
  connection: Duplex,
  head: Buffer,
): void {
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    if (!UPGRADING.has(name.toLowerCase())) lines.push(`${name}: ${value}`)
  }
  if (/\bclose\b/i.test(request.headers.connection ?? '')) lines.push('Connection: close')
  connection.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', connection)
}

const UPGRADING: ReadonlySet<string> = new Set(['upgrade', 'connection', 'http2-settings'])
