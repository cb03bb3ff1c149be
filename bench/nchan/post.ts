import { connect, type Socket } from 'node:net'

const BODY = JSON.stringify({ symbol: 'ACME', price: 12.5, name: 'Größe ✓ #' })

/** Publishes messages over several connections, each with one request at a time. Rejects when a message is not accepted. */
export async function post(port: number, channel: string, count: number, connections: number): Promise<void> {
  const request = `POST /channels/${channel} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`
  let left = count
  const one = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        left -= 1
        if (left < 0) resolve()
        else socket.write(request)
      }
      // A response is short, and arrives in one piece.
      socket.on('data', (bytes) => {
        if (/^HTTP\/1.1 20[12] /.test(bytes.toString('latin1'))) next()
        else reject(new Error(`Message not accepted: ${bytes.toString('latin1')}`))
      })
      socket.on('error', reject)
      next()
    })
  const sockets = Array.from({ length: connections }, () => connect(port, '127.0.0.1'))
  await Promise.all(sockets.map(one))
  for (const socket of sockets) socket.destroy()
}
