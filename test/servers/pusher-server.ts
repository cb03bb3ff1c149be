import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { WebSocket } from 'ws'
import type { Backend } from './backend.ts'
import { serveSockets } from './socket-server.ts'

/** The key and the secret of the app. */
export const KEY = 'app-key'
const SECRET = 'app-secret'

/** How long a client may be silent before it sends a ping, in seconds. */
const ACTIVITY_TIMEOUT = 30

interface Client {
  readonly id: string
  readonly socket: WebSocket
  readonly channels: Set<string>
}

interface Frame {
  event?: string
  channel?: string
  data?: { channel?: string; auth?: string; channel_data?: string }
}

export interface PusherServer extends Backend {
  /** Sends a frame to every client. */
  send(frame: object): void
  /** Closes every connection with a code. */
  disconnect(code: number): void
  /** The frames of clients, in order. */
  readonly frames: readonly Frame[]
}

/**
 * A server of version 7 of the Pusher protocol, as Reverb and Soketi are. `test/servers/pusher-server.node.test.ts` runs the
 * official clients against it.
 */
export async function startPusher(): Promise<PusherServer> {
  let count = 0
  const clients = new Set<Client>()
  const frames: Frame[] = []

  const write = ({ socket }: Client, event: string, data: unknown, channel?: string) =>
    // Data is JSON within JSON.
    socket.send(JSON.stringify({ event, channel, data: JSON.stringify(data) }))
  const signature = (id: string, channel: string, user?: string) =>
    `${KEY}:${createHmac('sha256', SECRET)
      .update([id, channel, ...(user === undefined ? [] : [user])].join(':'))
      .digest('hex')}`
  const inChannel = (channel: string) => [...clients].filter(({ channels }) => channels.has(channel))

  const subscribe = (client: Client, { channel = '', auth, channel_data: user }: NonNullable<Frame['data']>) => {
    if (/^(private|presence)-/.test(channel) && auth !== signature(client.id, channel, user))
      return write(client, 'pusher:error', { code: 4009, message: 'The connection is unauthorized.' })
    if (channel.startsWith('denied'))
      return write(
        client,
        'pusher:subscription_error',
        { type: 'AuthError', error: 'not a member', status: 403 },
        channel,
      )
    client.channels.add(channel)
    const members = channel.startsWith('presence-') ? { presence: { count: 0, ids: [], hash: {} } } : {}
    write(client, 'pusher_internal:subscription_succeeded', members, channel)
  }

  const read = (client: Client, frame: Frame) => {
    frames.push(frame)
    const { event = '', channel = '', data = {} } = frame
    if (event === 'pusher:ping') write(client, 'pusher:pong', {})
    else if (event === 'pusher:subscribe') subscribe(client, data)
    else if (event === 'pusher:unsubscribe') client.channels.delete(data.channel ?? '')
    else if (event.startsWith('client-'))
      for (const other of inChannel(channel)) if (other !== client) write(other, event, data, channel)
  }

  const connected = (socket: WebSocket, url: string) => {
    const client: Client = { id: `${process.pid}.${(count += 1)}`, socket, channels: new Set() }
    if (!url.startsWith(`/app/${KEY}?`)) {
      write(client, 'pusher:error', { code: 4001, message: 'Application does not exist' })
      return socket.close(4001)
    }
    clients.add(client)
    socket.on('close', () => clients.delete(client))
    socket.on('message', (data: Buffer) => read(client, JSON.parse(String(data)) as Frame))
    write(client, 'pusher:connection_established', { socket_id: client.id, activity_timeout: ACTIVITY_TIMEOUT })
  }

  const sign = async (request: IncomingMessage, response: ServerResponse) => {
    const head = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }
    if (request.method === 'OPTIONS') return response.writeHead(204, head).end()
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const form = new URLSearchParams(body)
    const channel = form.get('channel_name') ?? ''
    if (request.headers.authorization === 'Bearer expired') return response.writeHead(401, head).end('expired')
    if (channel.includes('denied')) return response.writeHead(403, head).end('not a member')
    const user = channel.startsWith('presence-') ? JSON.stringify({ user_id: 'a' }) : undefined
    const auth = signature(form.get('socket_id') ?? '', channel, user)
    return response
      .writeHead(200, { ...head, 'content-type': 'application/json' })
      .end(JSON.stringify({ auth, ...(user !== undefined && { channel_data: user }) }))
  }

  const server = await serveSockets({ connected, respond: (request, response) => void sign(request, response) })
  return {
    port: server.port,
    path: '/',
    frames,
    publish(channel, { data = '', event = 'message' }) {
      for (const client of inChannel(channel)) write(client, event, data, channel)
    },
    end: () => {},
    restart: () => server.restart(() => clients.clear()),
    stats: (channel) => Promise.resolve({ requests: server.requests, subscribers: inChannel(channel).length }),
    send(frame) {
      for (const { socket } of clients) socket.send(JSON.stringify(frame))
    },
    disconnect(code) {
      for (const { socket } of clients) socket.close(code)
    },
    close: server.close,
  }
}
