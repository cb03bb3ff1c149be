import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { nchanPublisher } from './nchan-publisher.ts'

/** What nginx asks before each subscription (`nchan_authorize_request`). */
export interface Guard {
  port: number
  /** How many requests came in all. */
  asked(): number
  close(): Promise<void>
}

/**
 * Lets no channel be empty when somebody subscribes: Nchan's worker aborts where one resumes in an empty channel that
 * another reads, and a channel without a message has no place to tell.
 */
export async function startGuard(): Promise<Guard> {
  const beginning = new Map<string, Promise<void>>()
  let asked = 0

  const server = createServer((request, response) => {
    asked += 1
    const channel = String(request.headers['x-channel-id'])
    const { begin } = nchanPublisher(() => `http://127.0.0.1:${String(request.headers['x-publisher-port'])}/channels/`)
    // Two who come at once begin it once.
    const begun =
      beginning.get(channel) ??
      begin(channel, secondOf(request.headers['x-cursor'])).finally(() => beginning.delete(channel))
    beginning.set(channel, begun)
    begun.then(
      () => response.writeHead(200).end(),
      (error: unknown) => response.writeHead(503).end(String(error)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked: () => asked,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}

/** The second of a cursor as a query spells it. */
const secondOf = (cursor: string | string[] | undefined): number =>
  Number.parseInt(decodeURIComponent(String(cursor ?? '')), 10) || 0
