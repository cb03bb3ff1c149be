import { once } from 'node:events'
import type { Socket } from 'node:net'

/** What a server sent for one request. */
export interface Reply {
  status: number
  head: string
  body: string
}

/** A request as it goes over the wire. Each character is a byte. */
export const request = (line: string, ...headers: string[]): string =>
  `${line} HTTP/1.1\r\nHost: push.test\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`

/** A request that the server answers 404, and after which it closes: all replies before it are complete. */
export const LAST = request('GET /last', 'Connection: close')

/** Sends bytes and reads until the server closes. The last reply is that of `LAST`, or the one that ended it all. */
export async function exchange(socket: Socket, sent: string): Promise<Reply[]> {
  let received = ''
  socket.setEncoding('latin1').on('data', (bytes: string) => (received += bytes))
  // A server that closes with bytes unread resets the connection.
  socket.on('error', () => {})
  socket.write(sent, 'latin1')
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return replies(received)
}

/** Sends a request and reads the head of its answer. */
export async function headOf(socket: Socket, sent: string): Promise<Reply> {
  let received = ''
  socket.setEncoding('latin1').write(sent, 'latin1')
  const closed = once(socket, 'close').then(() => {
    throw new Error(`closed before a head was complete: ${received}`)
  })
  while (!received.includes('\r\n\r\n')) {
    const [bytes] = (await Promise.race([once(socket, 'data'), closed])) as [string]
    received += bytes
  }
  closed.catch(() => {})
  const [reply] = replies(received)
  if (!reply) throw new Error(`no HTTP: ${received}`)
  return reply
}

function replies(text: string): Reply[] {
  const all: Reply[] = []
  for (let rest = text; rest;) {
    const end = rest.indexOf('\r\n\r\n')
    const head = rest.slice(0, end + 4)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
    if (!status) throw new Error(`no HTTP: ${rest}`)
    const length = status === 101 ? rest.length : Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? rest.length)
    all.push({ status, head, body: rest.slice(head.length, head.length + length) })
    rest = rest.slice(head.length + length)
  }
  return all
}
