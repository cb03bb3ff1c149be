import type { AddressInfo, Server } from 'node:net'
import { checkPort } from './check-options.ts'
import type { Report } from './report.ts'

/**
 * Lets a server listen; resolves with its port, or rejects with why it cannot (`invalid-option` for a port that is none).
 * Errors after that are logged.
 */
export async function listening(
  server: Server,
  address: { port: number; host: string },
  report: Report,
): Promise<number> {
  checkPort('port', address.port, 0)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => {
      server.off('error', reject)
      // Such as a connection that finds no free descriptor: the others go on.
      server.on('error', (error) => report('a connection could not be accepted', error))
      resolve((server.address() as AddressInfo).port)
    })
  })
}
