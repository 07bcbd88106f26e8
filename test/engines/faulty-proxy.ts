import { createServer as createHttpServer, request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'

export type Proxy = { url: string; close: () => Promise<void> }

/**
 * An HTTP proxy in front of a real engine that answers a push itself when `verdict` gives it a status,
 * for answers that the engine cannot be made to give on demand. A status of 0 breaks the connection.
 */
export async function httpProxy(
  target: string,
  verdict: (count: number) => number | undefined,
): Promise<Proxy> {
  let count = 0
  const server = createHttpServer((incoming, outgoing) => {
    const status = incoming.url?.endsWith('/push') ? verdict(++count) : undefined
    if (status === 0) return void incoming.socket.destroy()
    if (status !== undefined) {
      incoming.resume()
      return void incoming.on('end', () => outgoing.writeHead(status).end(`made up: ${status}`))
    }
    const onward = request(
      new URL(incoming.url ?? '/', target),
      { method: incoming.method ?? 'GET', headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/**
 * A TCP proxy that cuts a connection after `cutAfterBytes` of answers, for the first `cuts` connections
 * that get that far. `onCut` is told each time, before the connection is cut.
 */
export async function cuttingProxy(
  port: number,
  cutAfterBytes: number,
  cuts: number,
  onCut: () => void = () => undefined,
): Promise<Proxy & { cutCount: () => number }> {
  let done = 0
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let passed = 0
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    client.on('error', end).on('close', end)
    upstream.on('error', end).on('close', end)
    client.pipe(upstream)
    upstream.on('data', (bytes: Buffer) => {
      passed += bytes.length
      if (passed > cutAfterBytes && done < cuts) {
        done++
        onCut()
        return end()
      }
      if (!client.write(bytes)) {
        upstream.pause()
        client.once('drain', () => upstream.resume())
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
    cutCount: () => done,
  }
}
