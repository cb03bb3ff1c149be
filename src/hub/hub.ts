import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { META_SUBPROTOCOL } from '../protocol.ts'
import { addressOf, type Address } from './address.ts'
import { createAdmission, type AdmissionOptions } from './admission.ts'
import { PREFLIGHT_HEAD, answerJson, answerText, commonHead, crossOriginHead } from './answer.ts'
import type { ChannelState, FirstMessage, HistoryLimits } from './channel.ts'
import { eventStream } from './event-stream.ts'
import { HubError } from './hub-error.ts'
import { listen, type ListenOptions, type Listening } from './listen.ts'
import { formatId } from './message-id.ts'
import { answerAskedFor } from './negotiate.ts'
import { requestedPlace } from './place.ts'
import { answerEnd, answerPoll, holdPoll } from './poll.ts'
import { publishPost } from './publish.ts'
import { createRegistry } from './registry.ts'
import { createStreams } from './streams.ts'
import { refuseUpgrade, webSocket, webSocketEnd } from './web-socket.ts'

export interface HubOptions extends AdmissionOptions {
  /** Where channels are: `<path><channel>`. @default '/push/' */
  path?: string
  /** What is kept for those who resume. @default 1000 messages, 5 minutes, 8 MiB a channel */
  history?: Partial<HistoryLimits>
  /** The longest silence of a healthy connection, in ms. @default 15_000 */
  heartbeat?: number
  /** Where a subscriber without a cursor begins. @default 'newest' */
  firstMessage?: FirstMessage
  /** @default 2 MiB */
  maxMessageBytes?: number
  /** What may wait for a slow reader before it is cut, in bytes. @default 8 MiB */
  maxBacklog?: number
  /** The time, in ms since the epoch. @default Date.now */
  now?: () => number
}

/** The embedded push server. */
export interface Hub {
  /**
   * Publishes to a channel. A string is `text/plain` and bytes are `application/octet-stream` unless `contentType`
   * says otherwise.
   * @throws HubError `invalid-channel`, `invalid-body`, `invalid-content-type`, `invalid-event`, `too-large`, `closed`
   */
  publish(
    channel: string,
    body: string | Uint8Array,
    options?: { contentType?: string; event?: string },
  ): { id: string; subscribers: number }
  /** Where a channel is now. Read it before the state that a snapshot is made of. */
  cursor(channel: string): string
  state(channel: string): ChannelState | undefined
  /** Ends a channel and tells its subscribers; false where there was none. */
  delete(channel: string): boolean
  /** Answers a request under `path`; false: it is not the hub's. Fits `connect` and `node:http`. */
  handle(request: IncomingMessage, response: ServerResponse): boolean
  /** The same for an upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Serves the hub on its own port, on loopback. @throws HubError (rejects) `not-loopback` */
  listen(options?: ListenOptions): Promise<Listening>
  /** Ends every connection so that clients come back, and stops the clock. Resolves when all are gone. */
  close(): Promise<void>
}

const CLOSED = 'the hub is closed'

/** In ms: what lies above fires at once. */
const LONGEST_TIMER = 2_147_483_647

/**
 * A push server in this process: every technique on one URL, as PROTOCOL.md says, with a bounded history to resume
 * from. It trusts nobody: Host and Origin are checked, and it listens on loopback.
 *
 * @throws HubError `invalid-option`
 * @example
 * const hub = createHub()
 * const { url } = await hub.listen({ port: 7780 })
 * hub.publish('prices', JSON.stringify({ symbol: 'ACME', price: 12.5 }), { contentType: 'application/json' })
 */
export function createHub({
  path = '/push/',
  history: { count = 1_000, age = 300_000, bytes = 8_388_608 } = {},
  heartbeat = 15_000,
  firstMessage = 'newest',
  maxMessageBytes = 2_097_152,
  maxBacklog = 8_388_608,
  now = Date.now,
  ...admitted
}: HubOptions = {}): Hub {
  for (const [name, value] of Object.entries({ count, age, bytes, heartbeat, maxMessageBytes, maxBacklog })) {
    if (!(value > 0)) throw new HubError('invalid-option', `${name} is ${value}, and must be above 0`)
  }
  if (heartbeat > LONGEST_TIMER)
    throw new HubError('invalid-option', `heartbeat is ${heartbeat}, and no timer can wait so long`)
  if (typeof firstMessage === 'number' && !(Number.isInteger(firstMessage) && firstMessage <= 0))
    throw new HubError('invalid-option', `firstMessage is ${firstMessage}, and is newest, oldest or -N`)
  if (!/^\/(.*\/)?$/.test(path))
    throw new HubError('invalid-option', `path ${JSON.stringify(path)} must begin and end with a slash`)

  const admission = createAdmission(admitted)
  const registry = createRegistry({ count, age, bytes }, maxMessageBytes, now)
  const streams = createStreams()
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: () => META_SUBPROTOCOL,
  })
  const beat = setInterval(() => {
    streams.beat()
    registry.prune()
  }, heartbeat)
  // A hub that nobody is connected to does not keep a process alive.
  beat.unref()
  let closing: Promise<void> | undefined

  const read = (request: IncomingMessage, response: ServerResponse, name: string, query: URLSearchParams) => {
    const asked = answerAskedFor(request, query)
    if (asked === 'state') {
      const state = registry.state(name)
      return state ? answerJson(response, 200, state) : answerText(response, 404, 'no such channel')
    }
    const place = requestedPlace(request.headers, query)
    if (typeof place === 'string') return answerText(response, 400, place)
    if (place !== undefined && registry.ended(name)) return answerEnd(response)
    const channel = registry.channel(name)
    const resumption = channel.resume(place, firstMessage, now())
    if (asked === 'interval-poll') return answerPoll(response, resumption)
    const stream =
      asked === 'event-stream'
        ? eventStream(response, channel, resumption, heartbeat, maxBacklog)
        : holdPoll(response, channel, resumption, place !== undefined)
    if (stream) response.on('close', streams.add(stream))
  }

  const answer = (request: IncomingMessage, response: ServerResponse, name: string, query: URLSearchParams): void => {
    switch (request.method) {
      case 'GET':
        return read(request, response, name, query)
      case 'POST':
        return publishPost(request, response, registry, name, maxMessageBytes)
      case 'DELETE': {
        const last = registry.delete(name)
        return last ? answerJson(response, 200, last) : answerText(response, 404, 'no such channel')
      }
      case 'OPTIONS':
        response.writeHead(204, PREFLIGHT_HEAD)
        response.end()
        return
      default:
        return answerText(response, 405, `${request.method} is not for channels`, {
          Allow: 'GET, POST, DELETE, OPTIONS',
        })
    }
  }

  const stop = async () => {
    clearInterval(beat)
    await streams.stop()
    for (const socket of sockets.clients) socket.terminate()
  }

  const hub: Hub = {
    publish(name, body, { contentType, event } = {}) {
      if (closing) throw new HubError('closed', CLOSED)
      const { message, subscribers } = registry.publish(name, { body, contentType, event })
      return { id: message.cursor, subscribers }
    },
    cursor: (name) => formatId(registry.channel(name).last),
    state: registry.state,
    delete: (name) => registry.delete(name) !== undefined,

    handle(request, response) {
      let about: Address | undefined
      let wrong: string | undefined
      try {
        about = addressOf(request.url ?? '', path)
        if (!about) return false
      } catch (error) {
        wrong = (error as Error).message
      }
      const crossOrigin = admission.crossOrigin(request.headers)
      response.setHeader('Vary', 'Accept, Origin')
      for (const [name, value] of Object.entries({
        ...commonHead(heartbeat),
        ...(crossOrigin && crossOriginHead(crossOrigin)),
      })) {
        if (value !== undefined) response.setHeader(name, value)
      }
      const refusal =
        admission.hostRefusal(request.headers) ??
        (request.method === 'GET' ? undefined : admission.originRefusal(request.headers))
      if (refusal !== undefined) answerText(response, 403, refusal)
      else if (closing) answerText(response, 503, CLOSED, { 'Retry-After': 1 })
      else if (!about) answerText(response, 400, wrong ?? 'bad request')
      else answer(request, response, about.name, about.query)
      return true
    },

    upgrade(request, socket, head) {
      let about: Address | undefined
      try {
        about = addressOf(request.url ?? '', path)
      } catch (error) {
        refuseUpgrade(socket, 400, (error as Error).message)
        return true
      }
      if (!about) return false
      const { name, query } = about
      const refusal = admission.hostRefusal(request.headers) ?? admission.originRefusal(request.headers)
      const place = requestedPlace(request.headers, query)
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/)
      if (refusal !== undefined) refuseUpgrade(socket, 403, refusal)
      else if (closing) refuseUpgrade(socket, 503, CLOSED)
      else if (request.headers.upgrade?.toLowerCase() !== 'websocket')
        refuseUpgrade(socket, 426, 'the only upgrade is to websocket')
      else if (!offered.includes(META_SUBPROTOCOL))
        refuseUpgrade(socket, 400, `offer the subprotocol ${META_SUBPROTOCOL}`)
      else if (typeof place === 'string') refuseUpgrade(socket, 400, place)
      else {
        sockets.handleUpgrade(request, socket, head, (connected) => {
          // What goes wrong with one connection ends that connection; `close` follows.
          connected.on('error', () => {})
          if (place !== undefined && registry.ended(name)) return webSocketEnd(connected)
          const channel = registry.channel(name)
          const resumption = channel.resume(place, firstMessage, now())
          const publish = (publication: Parameters<typeof registry.publish>[1]) =>
            void registry.publish(name, publication)
          connected.on(
            'close',
            streams.add(webSocket({ socket: connected, channel, resumption, heartbeat, maxBacklog, publish })),
          )
        })
      }
      return true
    },

    listen: (options) => listen(hub, options),
    close: () => (closing ??= stop()),
  }
  return hub
}
