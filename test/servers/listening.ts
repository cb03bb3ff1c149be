import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Lets a server listen at a port of loopback; 0: any free one. Returns the port. */
export async function listenAt(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Closes a server and its HTTP connections. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
