import { type WebSocket } from 'ws'

const PING_EVERY_MS = 20_000
/** WebSocket's code for a server that cannot go on. */
const INTERNAL_ERROR = 1011
/** The most that a WebSocket's last message says. */
const MAX_REASON_BYTES = 123

/** Says goodbye with a reason, as much of it as fits. */
export const closeBecause = (socket: WebSocket, reason: string): void =>
  socket.close(INTERNAL_ERROR, cutToBytes(reason, MAX_REASON_BYTES))

/** The beginning of a text that takes no more bytes than that. Pure. */
function cutToBytes(text: string, most: number): string {
  const bytes = Buffer.from(text)
  return bytes.length <= most
    ? text
    : bytes
        .subarray(0, most)
        .toString('utf8')
        .replace(/\ufffd+$/, '')
}

/** Ends a connection whose client does not answer pings. Returns the timer, to be cleared when it has gone. */
export function pinging(socket: WebSocket): NodeJS.Timeout {
  let isAlive = true
  socket.on('pong', () => {
    isAlive = true
  })
  return setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, PING_EVERY_MS)
}
