import type { WebSocket } from 'ws'
import type { Backend } from './backend.ts'
import { serveSockets } from './socket-server.ts'

interface Client {
  readonly socket: WebSocket
  readonly channels: Set<string>
}

type Params = Readonly<Record<string, unknown>>
type Command = { id: number } & Readonly<Record<string, Params>>

export interface CentrifugoServer extends Backend {
  /** Unsubscribes the clients of a channel, with a code of the protocol. */
  unsubscribe(channel: string, code: number): void
}

/**
 * A server of Centrifugo's client protocol 2, as JSON. `test/servers/centrifugo-server.node.test.ts` runs the official client
 * against it. Channels have history and recovery; those that begin with `live` do not.
 *
 * @see https://centrifugal.dev/docs/transports/client_protocol
 */
export async function startCentrifugo(): Promise<CentrifugoServer> {
  const newEpoch = () => `e:${Math.random()}`
  let epoch = newEpoch()
  const clients = new Set<Client>()
  const kept = new Map<string, unknown[]>()

  const write = ({ socket }: Client, ...frames: object[]) =>
    socket.send(frames.map((frame) => JSON.stringify(frame)).join('\n'))
  const reads = (channel: string) => [...clients].filter(({ channels }) => channels.has(channel))
  const historyOf = (channel: string) => {
    const history = kept.get(channel) ?? []
    kept.set(channel, history)
    return history
  }
  const publish = (channel: string, data: unknown) => {
    const offset = historyOf(channel).push(data)
    const pub = channel.startsWith('live') ? { data } : { data, offset }
    for (const client of reads(channel)) write(client, { push: { channel, pub } })
  }

  const subscribe = (client: Client, { channel, recover, offset = 0, epoch: known }: Params) => {
    const name = String(channel)
    if (name.startsWith('denied')) return { error: { code: 103, message: 'permission denied' } }
    if (client.channels.has(name)) return { error: { code: 105, message: 'already subscribed' } }
    client.channels.add(name)
    if (name.startsWith('live')) return { subscribe: {} }
    const history = historyOf(name)
    const recovered = recover === true && known === epoch && Number(offset) <= history.length
    return {
      subscribe: {
        recoverable: true,
        positioned: true,
        epoch,
        // The publications begin after the offset of the command.
        offset: recovered ? Number(offset) : history.length,
        ...(recover === true && { was_recovering: true, recovered }),
        ...(recovered && {
          publications: history
            .map((data, at) => ({ data, offset: at + 1 }))
            .filter((each) => each.offset > Number(offset)),
        }),
      },
    }
  }

  const reply = (client: Client, command: Command): object => {
    if (command['connect']) {
      const { token } = command['connect']
      if (token === 'revoked') return { error: { code: 109, message: 'token expired' } }
      return { connect: { client: 'client', version: '6', ping: 25, pong: true, expires: true, ttl: 600 } }
    }
    if (command['subscribe']) return subscribe(client, command['subscribe'])
    if (command['unsubscribe']) {
      client.channels.delete(String(command['unsubscribe']['channel']))
      return { unsubscribe: {} }
    }
    if (command['refresh']) return { refresh: { client: 'client', version: '6', expires: true, ttl: 600 } }
    const { channel, data } = command['publish'] ?? {}
    if (data === 'denied') return { error: { code: 103, message: 'permission denied' } }
    publish(String(channel), data)
    return { publish: {} }
  }

  const connected = (socket: WebSocket) => {
    const client: Client = { socket, channels: new Set() }
    clients.add(client)
    socket.on('close', () => clients.delete(client))
    socket.on('message', (frame: Buffer) => {
      const commands = String(frame)
        .split('\n')
        .map((line) => JSON.parse(line) as Command)
      const replies = commands.filter(({ id }) => id > 0).map((each) => ({ id: each.id, ...reply(client, each) }))
      if (replies.length > 0) write(client, ...replies)
    })
  }

  const server = await serveSockets({ connected, path: '/connection/websocket' })
  return {
    port: server.port,
    path: '/',
    publish: (channel, { data = '' }) => publish(channel, data),
    end() {},
    unsubscribe(channel, code) {
      for (const client of reads(channel)) {
        client.channels.delete(channel)
        write(client, { push: { channel, unsubscribe: { code, reason: 'by the test' } } })
      }
    },
    restart: () =>
      server.restart(() => {
        clients.clear()
        kept.clear()
        epoch = newEpoch()
      }),
    stats: (channel) => Promise.resolve({ requests: server.requests, subscribers: reads(channel).length }),
    close: server.close,
  }
}
