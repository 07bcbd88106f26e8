import { createServer as createHttpServer, request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'

export type Proxy = { url: string; close: () => Promise<void> }

/**
 * What happens to a push: a status is answered at once, `broken` is a connection that breaks before anything is
 * read, `cut request` one that breaks with half of the request passed on, `lost answer` one that breaks when the
 * engine has answered.
 */
export type Verdict = number | 'broken' | 'cut request' | 'lost answer'

/**
 * An HTTP proxy in front of a real engine, for faults that the engine cannot be made to show on demand. It knows
 * no path that ends in `hidden`.
 */
export async function httpProxy(
  target: string,
  verdict: (count: number) => Verdict | undefined,
  hidden?: string,
  port = 0,
): Promise<Proxy> {
  let count = 0
  const server = createHttpServer((incoming, outgoing) => {
    const isHidden = hidden !== undefined && incoming.url?.endsWith(hidden) === true
    const fate = isHidden ? 404 : incoming.url?.endsWith('/push') ? verdict(++count) : undefined
    if (fate === 'broken') return void incoming.socket.destroy()
    if (typeof fate === 'number') {
      incoming.resume()
      return void incoming.on('end', () => outgoing.writeHead(fate).end(`made up: ${fate}`))
    }
    const onward = request(
      new URL(incoming.url ?? '/', target),
      { method: incoming.method ?? 'GET', headers: incoming.headers, agent: false },
      (answer) => {
        if (fate === 'lost answer') return void incoming.socket.destroy()
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    onward.on('error', () => incoming.socket.destroy())
    if (fate !== 'cut request') return void incoming.pipe(onward)
    incoming.once('data', (bytes: Buffer) => {
      onward.write(bytes.subarray(0, bytes.length / 2), () => {
        onward.destroy()
        incoming.socket.destroy()
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
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
