import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { StallWatch } from '../connections/stall-watch.ts'

/** How many requests may wait on one connection for the responses before them. */
const MAX_WAITING = 4

const waiting = new WeakMap<Socket, number>()

/**
 * Answers a request when it is its turn, and destroys the response where the client does not take it. A pipelined request
 * waits for the responses before it: until then its response has no connection, so nothing would tell that the connection
 * is gone, and whatever waits for that would stay for good. Meanwhile nothing more is read; a connection that has sent more
 * than a few is destroyed.
 */
export function inTurn(
  request: IncomingMessage,
  response: ServerResponse,
  stalls: StallWatch,
  answer: () => void,
): void {
  // An error of a connection ends that connection; `close` follows.
  for (const side of [request, response]) side.on('error', () => {})
  const begin = () => {
    // Of a request of HTTP/2 the stream knows that the client has left.
    if ((response as { stream?: { destroyed: boolean } }).stream?.destroyed) return
    stalls.addEnd(response)
    answer()
  }
  if (response.socket !== null || request.httpVersionMajor !== 1) return begin()
  const { socket } = request
  const count = (waiting.get(socket) ?? 0) + 1
  if (count > MAX_WAITING) return void socket.destroy()
  waiting.set(socket, count)
  socket.pause()
  response.once('socket', () => {
    const left = (waiting.get(socket) ?? 1) - 1
    waiting.set(socket, left)
    if (left === 0) socket.resume()
    begin()
  })
}
