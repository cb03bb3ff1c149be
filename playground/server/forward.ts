import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** Forwards a request to a local port, and its response in chunks as they arrive. */
export function forward(port: number, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request
  const forwarded = ask({ host: '127.0.0.1', port, method, path: url, headers, agent: false })
  forwarded.on('response', (incoming) => {
    // A response without chunks ends with its connection, here too: an iframe detects a break by that.
    if (incoming.headers['transfer-encoding'] === undefined) response.useChunkedEncodingByDefault = false
    response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, incoming.rawHeaders)
    incoming.pipe(response)
    incoming.on('close', () => !incoming.complete && response.destroy())
  })
  // The node died, so its response ends here too.
  forwarded.on('error', () => response.destroy())
  response.on('close', () => forwarded.destroy())
  request.pipe(forwarded)
}

/** Forwards an upgrade. */
export function forwardUpgrade(port: number, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const node = connect(port, '127.0.0.1')
  const fields = request.rawHeaders.flatMap((name, at, all) => (at % 2 === 0 ? [`${name}: ${all[at + 1]}`] : []))
  node.write(`${request.method} ${request.url} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`)
  node.write(head)
  node.pipe(socket).pipe(node)
  for (const [one, other] of [
    [node, socket],
    [socket, node],
  ] as const)
    one.on('error', () => other.destroy()).on('close', () => other.destroy())
}
