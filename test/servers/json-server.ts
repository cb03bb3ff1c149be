import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

/** What the test server may do differently. */
export interface JsonServerOptions {
  /** The tokens that may log in. @default everybody may, without a login */
  tokens?: ReadonlySet<string>
  /** Never answers a login. */
  ignoresLogin?: boolean
  /** How many messages a topic keeps. @default all */
  keeps?: number
}

/** A home-made server with many topics on one WebSocket: login, subscribe, replay, acknowledge, reject, ping. */
export interface JsonServer {
  url: string
  publish(topic: string, data: unknown): void
  /** Ends a topic. */
  end(topic: string): void
  /** Sends a text to every client. */
  raw(text: string): void
  /** Cuts every connection without a close frame. */
  drop(): void
  /** Refuses connections, or allows them again. */
  refuse(refuses: boolean): void
  /** The frames that clients sent, in order. */
  readonly frames: readonly { readonly op: string; readonly [field: string]: unknown }[]
  /** How many connections there were. */
  readonly connections: number
  /** How many are open. */
  readonly open: number
  close(): Promise<void>
}

interface Entry {
  readonly seq: number
  readonly data: unknown
}

/**
 * Starts the server. Topics are made by the first message. `missing` is rejected, `private` is rejected for the user,
 * `members` is rejected unless the last token of the connection is `member`, `busy` is rejected once for now, `mute` is never acknowledged, and `eager` sends its history before it acknowledges.
 */
export async function serveJson({
  tokens,
  ignoresLogin = false,
  keeps = Infinity,
}: JsonServerOptions = {}): Promise<JsonServer> {
  const topics = new Map<string, { last: number; kept: Entry[]; readers: Set<WebSocket> }>()
  const frames: { op: string; [field: string]: unknown }[] = []
  let connections = 0
  let refuses = false
  let busy = true

  const topicOf = (name: string) => {
    const topic = topics.get(name) ?? { last: 0, kept: [], readers: new Set<WebSocket>() }
    topics.set(name, topic)
    return topic
  }
  const send = (socket: WebSocket, frame: object) => socket.send(JSON.stringify(frame))
  const publish = (name: string, data: unknown) => {
    const topic = topicOf(name)
    const entry = { seq: (topic.last += 1), data }
    topic.kept = [...topic.kept, entry].slice(-keeps)
    for (const reader of topic.readers) send(reader, { op: 'event', topic: name, ...entry })
  }

  const present = new WeakMap<WebSocket, unknown>()
  const subscribe = (socket: WebSocket, name: string, since: number | undefined) => {
    if (name === 'missing') return send(socket, { op: 'error', topic: name, code: 404, reason: 'no such topic' })
    if (name === 'private') return send(socket, { op: 'error', topic: name, code: 403, reason: 'not yours' })
    if (name === 'members' && present.get(socket) !== 'member')
      return send(socket, { op: 'error', topic: name, code: 401, reason: 'members only' })
    if (name === 'mute') return
    if (name === 'busy' && busy) {
      busy = false
      return send(socket, { op: 'error', topic: name, code: 503, reason: 'busy' })
    }
    const topic = topicOf(name)
    const missed = since === undefined ? [] : topic.kept.filter(({ seq }) => seq > since)
    const resumed = since !== undefined && missed.length === topic.last - since
    const acknowledge = () =>
      send(socket, { op: 'subscribed', topic: name, resumed, seq: resumed ? since : topic.last })
    if (name !== 'eager') acknowledge()
    if (resumed) for (const entry of missed) send(socket, { op: 'event', topic: name, ...entry })
    topic.readers.add(socket)
    if (name === 'eager') acknowledge()
  }

  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (refuses) return void socket.destroy()
    sockets.handleUpgrade(request, socket, head, (connected) => {
      connections += 1
      let isIn = tokens === undefined
      connected.on('close', () => {
        for (const { readers } of topics.values()) readers.delete(connected)
      })
      connected.on('message', (text) => {
        const frame = JSON.parse(String(text)) as { op: string; [field: string]: unknown }
        frames.push(frame)
        const topic = String(frame['topic'])
        switch (frame.op) {
          case 'login':
            if (ignoresLogin) return
            isIn = tokens?.has(String(frame['token'])) ?? true
            present.set(connected, frame['token'])
            return send(connected, isIn ? { op: 'welcome' } : { op: 'error', code: 401, reason: 'who are you?' })
          case 'refresh':
            return void present.set(connected, frame['token'])
          case 'ping':
            return send(connected, { op: 'pong' })
          case 'subscribe':
            if (isIn) subscribe(connected, topic, frame['since'] as number | undefined)
            return
          case 'unsubscribe':
            return void topicOf(topic).readers.delete(connected)
          case 'publish':
            if (frame['data'] === null)
              return send(connected, { op: 'error', key: frame['key'], reason: 'nothing to say' })
            publish(topic, frame['data'])
            return send(connected, { op: 'accepted', key: frame['key'] })
        }
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/stream`,
    publish,
    end(name) {
      for (const reader of topicOf(name).readers) send(reader, { op: 'end', topic: name })
    },
    raw(text) {
      for (const socket of sockets.clients) socket.send(text)
    },
    drop() {
      for (const socket of sockets.clients) socket.terminate()
    },
    refuse: (now) => void (refuses = now),
    frames,
    get connections() {
      return connections
    },
    get open() {
      return sockets.clients.size
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
