import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'

/**
 * A Loki that stores nothing: it reads each push and says 204, takes old logs as the local one does, and knows
 * no line when asked. Prints its port. A process of its own, so that what it costs is not counted.
 */
function answer(path: string, response: ServerResponse): void {
  if (path.endsWith('/push')) {
    response.writeHead(204).end()
    return
  }
  if (path.endsWith('/config')) {
    response.end('limits_config: {}\ningester: { max_chunk_age: 17520h }\n')
    return
  }
  const resultType = path.endsWith('/query_range') ? 'streams' : 'vector'
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ status: 'success', data: { resultType, result: [] } }))
}

const server = createServer((request, response) => {
  const [path = ''] = (request.url ?? '').split('?')
  request.resume().on('end', () => answer(path, response))
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`)
})
process.once('SIGTERM', () => process.exit(0))
