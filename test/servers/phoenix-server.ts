import type { WebSocket } from 'ws'
import type { Backend } from './backend.ts'
import { serveSockets } from './socket-server.ts'

type Frame = [join: string | null, ref: string | null, topic: string, event: string, payload: unknown]

interface Client {
  readonly socket: WebSocket
  /** The joined topics, each with the reference of its join. */
  readonly joins: Map<string, string>
}

export interface PhoenixServer extends Backend {
  /** The process of a topic crashes. */
  crash(topic: string): void
}

/**
 * A server of Phoenix channels, version 2. `test/servers/phoenix-server.node.test.ts` runs the official client against it.
 * Each topic keeps its messages, for clients that join with `{ since }`.
 */
export async function startPhoenix(): Promise<PhoenixServer> {
  const clients = new Set<Client>()
  const kept = new Map<string, string[]>()

  const write = ({ socket }: Client, ...frame: Frame) => socket.send(JSON.stringify(frame))
  const inTopic = (topic: string) => [...clients].filter(({ joins }) => joins.has(topic))
  const broadcast = (topic: string, event: string, payload: unknown) => {
    for (const client of inTopic(topic)) write(client, null, null, topic, event, payload)
  }
  const reply = (client: Client, [join, ref, topic]: Frame, status: string, response: unknown = {}) =>
    write(client, join, ref, topic, 'phx_reply', { status, response })

  const join = (client: Client, frame: Frame) => {
    const [, ref, topic, , payload] = frame
    if (topic.startsWith('denied')) return reply(client, frame, 'error', { reason: 'not a member' })
    const earlier = client.joins.get(topic)
    if (earlier !== undefined) write(client, earlier, null, topic, 'phx_close', {})
    client.joins.set(topic, ref ?? '')
    const { since } = payload as { since?: string }
    const texts = kept.get(topic) ?? []
    reply(client, frame, 'ok', { resumed: Number(since) < texts.length })
    if (since === undefined) return
    for (const [at, text] of texts.entries())
      if (at > Number(since)) write(client, ref, null, topic, 'message', { text, at })
  }
  const publish = (topic: string, text: string) => {
    const texts = kept.get(topic) ?? []
    kept.set(topic, texts)
    broadcast(topic, 'message', { text, at: texts.push(text) - 1 })
  }
  const read = (client: Client, frame: Frame) => {
    const [join_, , topic, event, payload] = frame
    if (event === 'heartbeat') return reply(client, frame, 'ok')
    if (event === 'phx_join') return join(client, frame)
    if (join_ === null || client.joins.get(topic) !== join_)
      return reply(client, frame, 'error', { reason: 'unmatched topic' })
    if (event === 'phx_leave') {
      client.joins.delete(topic)
      reply(client, frame, 'ok')
      return write(client, join_, null, topic, 'phx_close', {})
    }
    if (payload === 'denied') return reply(client, frame, 'error', { reason: 'not allowed' })
    publish(topic, String(payload))
    reply(client, frame, 'ok', { accepted: payload })
  }

  const connected = (socket: WebSocket, url: string) => {
    if (!url.startsWith('/socket/websocket?') || !url.includes('vsn=2.0.0')) return socket.close(1003)
    const client: Client = { socket, joins: new Map() }
    clients.add(client)
    socket.on('close', () => clients.delete(client))
    socket.on('message', (data: Buffer) => read(client, JSON.parse(String(data)) as Frame))
  }

  const server = await serveSockets({ connected })
  return {
    port: server.port,
    path: '/',
    publish: (channel, { data = '' }) => publish(channel, data),
    end(channel) {
      for (const client of inTopic(channel)) {
        write(client, client.joins.get(channel) ?? null, null, channel, 'phx_close', {})
        client.joins.delete(channel)
      }
    },
    restart: () =>
      server.restart(() => {
        clients.clear()
        kept.clear()
      }),
    stats: (channel) => Promise.resolve({ requests: server.requests, subscribers: inTopic(channel).length }),
    crash(topic) {
      for (const client of inTopic(topic)) {
        write(client, client.joins.get(topic) ?? null, null, topic, 'phx_error', {})
        client.joins.delete(topic)
      }
    },
    close: server.close,
  }
}
