import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { StallWatch } from '../connections/stall-watch.ts'

/** How many requests of one connection may wait for the responses before them. */
const MAX_PIPELINED = 4

const pipelined = new WeakMap<Socket, number>()

/**
 * Handles a request when the responses before it on its connection are sent. It destroys the response if the client does
 * not read it.
 *
 * The response to a pipelined request has no socket until then, so it would not notice that the connection is closed, and
 * everything that waits for its `close` would stay forever. Meanwhile nothing more is read from the connection. A
 * connection that has sent more than a few requests is destroyed.
 */
export function respondInOrder(
  request: IncomingMessage,
  response: ServerResponse,
  stalls: StallWatch,
  handle: () => void,
): void {
  // An error of a connection ends that connection, and `close` follows.
  for (const side of [request, response]) side.on('error', () => {})
  const begin = () => {
    // In HTTP/2 the stream knows that the client has left.
    if ((response as { stream?: { destroyed: boolean } }).stream?.destroyed) return
    stalls.addEnd(response)
    handle()
  }
  if (response.socket !== null || request.httpVersionMajor !== 1) return begin()
  const { socket } = request
  const count = (pipelined.get(socket) ?? 0) + 1
  if (count > MAX_PIPELINED) return void socket.destroy()
  pipelined.set(socket, count)
  socket.pause()
  response.once('socket', () => {
    const left = (pipelined.get(socket) ?? 1) - 1
    pipelined.set(socket, left)
    if (left === 0) socket.resume()
    begin()
  })
}
