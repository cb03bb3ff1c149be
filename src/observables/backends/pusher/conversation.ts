import { DEV } from '../../internal/dev.ts'
import type { Observable } from 'rxjs'
import { PushError } from '../../errors.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable } from '../../session/topic-table.ts'
import { contentBy, fieldsOf, jsonOf, jsonValue, readJson, shown, textOf, timeOf, type Fields } from '../json-frame.ts'

/** What the server must know to accept a private channel. */
export interface PusherAuthorization {
  /** The signature: `<key>:<hexadecimal HMAC-SHA256>`. */
  auth: string
  /** The user of a presence channel, as JSON. */
  channel_data?: string
}

/** The request for the signature of one channel. */
export interface PusherAuthorizationRequest {
  /** The channel's name. */
  readonly topic: string
  /** Names the connection; a signature is valid for one connection. */
  readonly socketId: string
  /** The token of `auth`, if the client has one. */
  readonly token: string | undefined
}

export interface PusherConversationOptions {
  /** Returns the signature of a private channel. */
  readonly authorize: (request: PusherAuthorizationRequest) => Observable<PusherAuthorization>
  /** The event that `send` triggers. */
  readonly clientEvent: string
}

/** How long the server may take to reply to a ping, in ms. */
const PONG_WITHIN = 30_000

/** The longest silence before a ping, in ms, as in the official client. The server may state a shorter one. */
const MAX_ACTIVITY_TIMEOUT = 120_000

/** How long the client waits when the server is over its capacity, in ms. */
const OVER_CAPACITY_DELAY = 1_000

const UNAUTHORIZED = 4009

/** The statuses and codes that reject the user. */
const AUTH_CODES: ReadonlySet<unknown> = new Set([401, 403, UNAUTHORIZED])

/** Whether a channel needs a signature. */
const isPrivate = (topic: string): boolean => /^(private|presence)-/.test(topic)

/** Version 7 of the Pusher protocol, on one connection. */
export function pusherConversation(
  { authorize, clientEvent }: PusherConversationOptions,
  port: SessionPort,
  credentials: SessionCredentials,
): Conversation {
  let { token } = credentials
  let isReady = false
  /** The signature of the topic that is being subscribed. */
  let signature: unknown
  const write = (event: string, data: unknown, channel?: string) => port.write(JSON.stringify({ event, channel, data }))

  const topics = topicTable(
    {
      acknowledges: true,
      subscribe(channel) {
        write('pusher:subscribe', { ...fieldsOf(signature), channel })
        return false
      },
      unsubscribe: (channel) => write('pusher:unsubscribe', { channel }),
    },
    port,
  )

  const greet = ({ socket_id: socketId, activity_timeout: seconds }: Fields) => {
    if (typeof socketId !== 'string') return port.refused(unnamed())
    isReady = true
    port.ready({
      ping: {
        send: () => JSON.stringify({ event: 'pusher:ping', data: {} }),
        every: silenceBeforePing(seconds),
        within: PONG_WITHIN,
      },
      authorizeTopic: (topic) => (isPrivate(topic) ? authorize({ topic, socketId, token }) : undefined),
    })
  }

  const reject = (channel: string | undefined, status: unknown, reason: unknown) => {
    if (channel === undefined) return
    const error = new PushError(
      AUTH_CODES.has(status) ? 'unauthorized' : 'rejected',
      DEV && `The server rejected topic "${channel}": ${shown(reason)}.`,
      {
        status: typeof status === 'number' ? status : undefined,
      },
    )
    for (const id of topics.drop(channel)) port.rejected(id, error)
  }

  /** The protocol's own errors: of the connection, or of a request that they do not name. */
  const fail = ({ code: given, message }: Fields) => {
    const code = Number(given)
    // Reverb rejects a signature so, and does not name the channel.
    if (code === UNAUTHORIZED && isReady) {
      const waiting = topics.onlyWaiting
      if (waiting !== undefined && isPrivate(waiting)) reject(waiting, code, message)
    } else if (code >= 4_000 && code < 4_300) port.refused(connectionError(code, message))
  }

  const read = ({ event, channel: name, data: given }: Fields) => {
    const channel = textOf(name)
    if (event === 'pusher:ping') return write('pusher:pong', {})
    if (event === 'pusher:connection_established') return greet(parsed(given))
    if (event === 'pusher:error') return fail(parsed(given))
    if (event === 'pusher:subscription_error') {
      const { status, error, type } = parsed(given)
      return reject(channel, status, error ?? type)
    }
    if (channel === undefined || typeof event !== 'string') return
    if (event === 'pusher_internal:subscription_succeeded') return topics.acknowledge(channel, false, undefined)
    if (/^pusher(_internal)?:/.test(event)) return
    topics.deliver(channel, { event, ...contentBy(() => (typeof given === 'string' ? given : jsonOf(given))) })
  }

  return {
    // The server sends first.
    open() {},
    receive: (frame) => readJson(frame, port, (value) => read(fieldsOf(value))),
    subscribe(subscription) {
      signature = subscription.authorization
      topics.add(subscription)
    },
    unsubscribe: topics.remove,
    // The server knows no token. The signatures of later channels are requested with this one.
    refresh: (next) => void (token = next),
    send(id, data) {
      const channel = nameOfTopic(topics, id)
      if (!isPrivate(channel))
        throw new PushError(
          'send-unsupported',
          DEV && `Message not sent: clients can send to private and presence channels only, and not to "${channel}".`,
        )
      write(clientEvent, jsonValue(data), channel)
    },
  }
}

/** Returns the silence after which the client pings, in ms, by the server's `activity_timeout` in seconds. */
const silenceBeforePing = (seconds: unknown): number =>
  Math.min(Math.max(1, timeOf(seconds) ?? Infinity) * 1_000, MAX_ACTIVITY_TIMEOUT)

/** Returns the data of an event, which is an object, or its JSON. */
function parsed(data: unknown): Fields {
  if (typeof data !== 'string') return fieldsOf(data)
  try {
    return fieldsOf(JSON.parse(data))
  } catch {
    return {}
  }
}

function connectionError(code: number, message: unknown): PushError {
  const text = DEV && `The server rejected the connection with ${code}: ${shown(message)}.`
  if (code === UNAUTHORIZED) return new PushError('unauthorized', text, { status: code })
  if (code < 4_100) return new PushError('rejected', text, { status: code })
  return new PushError('unavailable', text, {
    status: code,
    ...(code < 4_200 && { retryAfter: OVER_CAPACITY_DELAY }),
  })
}

const unnamed = (): PushError =>
  new PushError('unexpected-response', DEV && 'The server greeted without a `socket_id`. Check `baseUrl` and `key`.')
