import type { WebSocket } from 'ws'
import type { Backend } from './backend.ts'
import { serveSockets } from './socket-server.ts'

interface Client {
  readonly socket: WebSocket
  /** Whether it speaks the extended protocol. */
  readonly isExtended: boolean
  /** The identifiers that it subscribed, each with its streams. */
  readonly streams: Map<string, readonly string[]>
}

interface Command {
  command: string
  identifier: string
  data?: string
  history?: History
}

interface History {
  since?: number
  streams?: Record<string, { epoch: string; offset: number }>
}

/** The server pings as Rails does. */
const PING = 3_000

/**
 * A server of Action Cable with the extended protocol of AnyCable, which keeps the messages of each stream. A room
 * reads two streams: its own, and `also-` with its name.
 * `test/servers/anycable-server.node.test.ts` runs the official client against it.
 *
 * @see https://docs.anycable.io/misc/action_cable_protocol
 */
export async function startAnyCable(): Promise<Backend> {
  let epoch = String(Math.random())
  const clients = new Set<Client>()
  const kept = new Map<string, { text: string; time: number }[]>()

  const write = ({ socket }: Client, frame: object) => socket.send(JSON.stringify(frame))
  const messagesOf = (stream: string) => {
    const texts = kept.get(stream) ?? []
    kept.set(stream, texts)
    return texts
  }
  const deliver = (client: Client, identifier: string, stream: string, text: string, offset: number) =>
    write(client, { identifier, message: { text }, ...(client.isExtended && { stream_id: stream, epoch, offset }) })
  const publish = (stream: string, text: string) => {
    const offset = messagesOf(stream).push({ text, time: Math.floor(Date.now() / 1_000) })
    for (const client of clients)
      for (const [identifier, streams] of client.streams)
        if (streams.includes(stream)) deliver(client, identifier, stream, text, offset)
  }

  const ping = (client: Client) => write(client, { type: 'ping', message: Math.floor(Date.now() / 1_000) })
  const replay = (client: Client, identifier: string, { since = Infinity, streams = {} }: History) => {
    const names = client.streams.get(identifier) ?? []
    if (names.some((name) => streams[name] && streams[name].epoch !== epoch))
      return write(client, { type: 'reject_history', identifier })
    for (const name of names)
      for (const [at, { text, time }] of messagesOf(name).entries())
        if (streams[name] ? at + 1 > streams[name].offset : time >= since)
          deliver(client, identifier, name, text, at + 1)
    write(client, { type: 'confirm_history', identifier })
  }
  const subscribe = (client: Client, { identifier, history }: Command) => {
    const { channel, id } = JSON.parse(identifier) as { channel: string; id: string }
    // A class that the server does not know gets no response.
    if (channel !== 'RoomChannel') return
    if (id === 'denied') return write(client, { type: 'reject_subscription', identifier })
    client.streams.set(identifier, [id, `also-${id}`])
    write(client, { type: 'confirm_subscription', identifier })
    if (history && client.isExtended) replay(client, identifier, history)
    // At once, so that no test has to wait for it.
    ping(client)
  }
  const read = (client: Client, command: Command) => {
    if (command.command === 'subscribe') subscribe(client, command)
    else if (command.command === 'unsubscribe') client.streams.delete(command.identifier)
    else if (command.command === 'message')
      publish(
        client.streams.get(command.identifier)?.[0] ?? '',
        (JSON.parse(command.data ?? '') as { text: string }).text,
      )
  }

  const connected = (socket: WebSocket, url: string) => {
    const client: Client = { socket, isExtended: socket.protocol.includes('ext'), streams: new Map() }
    if (url.includes('revoked')) {
      write(client, { type: 'disconnect', reason: 'unauthorized', reconnect: false })
      return socket.close()
    }
    clients.add(client)
    const pings = setInterval(() => ping(client), PING)
    socket.on('close', () => {
      clearInterval(pings)
      clients.delete(client)
    })
    socket.on('message', (data: Buffer) => read(client, JSON.parse(String(data)) as Command))
    write(client, { type: 'welcome', ...(client.isExtended && { sid: String(Math.random()) }) })
  }

  const server = await serveSockets({
    connected,
    path: '/cable',
    handleProtocols: (offered) =>
      ['actioncable-v1-ext-json', 'actioncable-v1-json'].find((name) => offered.has(name)) ?? false,
  })
  return {
    port: server.port,
    path: '/',
    publish: (channel, { data = '' }) => publish(channel, data),
    end() {},
    restart: () =>
      server.restart(() => {
        clients.clear()
        kept.clear()
        epoch = String(Math.random())
      }),
    stats: (channel) =>
      Promise.resolve({
        requests: server.requests,
        subscribers: [...clients].filter(({ streams }) => [...streams.values()].flat().includes(channel)).length,
      }),
    close: server.close,
  }
}
