import { catchError, defer, from, map, throwError, type Observable } from 'rxjs'
import { checkOption, wrongOption } from '../../internal/check-options.ts'
import { DEV } from '../../internal/dev.ts'
import { PushError, asPushError, fault } from '../../errors.ts'
import { rejectedResponse } from '../../http/http-error.ts'
import { request } from '../../http/request.ts'
import { redactUrl } from '../../internal/redact-url.ts'
import { conversationBackend } from '../../session/conversation-backend.ts'
import type { Backend } from '../backend.ts'
import { fieldsOf } from '../json-frame.ts'
import { STANDARD_CLOSES, STANDARD_STATUSES, statusVerdict, type CloseTable, type StatusTable } from '../verdict.ts'
import { pusherConversation, type PusherAuthorization, type PusherAuthorizationRequest } from './conversation.ts'

export interface PusherOptions {
  /** The key of the app, such as `REVERB_APP_KEY`. */
  key: string
  /** The path before the key, relative to the client's `baseUrl`, if the server is behind a prefix. @default '/app/' */
  path?: string
  /**
   * The URL that signs private and presence channels, relative to the page; outside of a page it is absolute. The client posts `socket_id` and `channel_name` to it as a form, with
   * the page's cookies if it is of the same origin. @default '/broadcasting/auth', as in Laravel
   */
  authEndpoint?: string
  /**
   * Headers of the request to `authEndpoint`, such as `X-CSRF-TOKEN`. A function is called for each request. The token of
   * `auth` is sent as `Authorization: Bearer`. @default {}
   */
  authHeaders?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  /** Returns the signature of a private or presence channel, instead of `authEndpoint`. */
  authorize?: (request: PusherAuthorizationRequest) => PusherAuthorization | Promise<PusherAuthorization>
  /**
   * The event that `send` triggers for the other clients of a private or presence channel. It begins with `client-`.
   * @default 'client-message'
   */
  clientEvent?: string
}

const CLOSES: CloseTable = { ...STANDARD_CLOSES, 4401: 'retry', 4403: 'retry', ...permanent() }

/** Laravel responds with 419 where the CSRF token has expired. The next request has another one. */
const STATUSES: StatusTable = { ...STANDARD_STATUSES, 419: 'retry' }

/** The close codes from 4000 to 4099: the same connection would be rejected again. */
function permanent(): Record<number, 'final'> {
  const codes: Record<number, 'final'> = {}
  for (let code = 4_000; code < 4_100; code += 1) codes[code] = 'final'
  return codes
}

/**
 * Creates the backend for servers of the Pusher protocol: Laravel Reverb, Pusher Channels, Soketi. All channels of a client
 * share one WebSocket. A topic is the name of a channel: `orders`, `private-orders.7`, `presence-room`.
 *
 * The protocol has no cursor, and the server does not resend missed messages. Each reconnect therefore emits a `gap`, and a
 * bound store reloads its snapshot. The name of an event is the message's `event`.
 *
 * A private channel is signed by `authEndpoint` on each connection. If that rejects one channel, the others are not affected.
 *
 * @throws PushError `invalid-option` if `key` is empty, or `clientEvent` does not begin with `client-`.
 * @see https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol
 * @example
 * const push = createPush({
 *   technique: webSocket(),
 *   baseUrl: 'wss://reverb.example.com',
 *   backend: pusher({ key: 'my-app-key' }),
 * })
 * const orders = defineChannel<Order>({ topic: (p: { user: string }) => `private-orders.${p.user}` })
 */
export function pusher(options: PusherOptions): Backend {
  const { key, path = '/app/', clientEvent = 'client-message' } = options
  checkOption(
    typeof key === 'string' && key !== '',
    DEV && wrongOption('key', 'pusher', key, 'Give the key of the app, such as REVERB_APP_KEY.'),
  )
  checkOption(
    clientEvent.startsWith('client-'),
    DEV && wrongOption('clientEvent', 'pusher', clientEvent, 'It must begin with `client-`.'),
  )
  return conversationBackend({
    name: 'pusher',
    path: `${path}${encodeURIComponent(key)}?protocol=7&client=pinia-push&version=1&flash=false`,
    heartbeat: undefined,
    tokenInHello: true,
    subprotocols: [],
    closes: CLOSES,
    startSession: () => (port, credentials) =>
      pusherConversation({ authorize: (asked) => sign(options, asked), clientEvent }, port, credentials),
  })
}

/** Requests the signature of a channel. The error names the channel. */
const sign = (
  { authorize, authEndpoint = '/broadcasting/auth', authHeaders = {} }: PusherOptions,
  asked: PusherAuthorizationRequest,
): Observable<PusherAuthorization> =>
  defer(() => {
    if (authorize) return Promise.resolve(authorize(asked))
    return signedAt(authEndpoint, typeof authHeaders === 'function' ? authHeaders() : authHeaders, asked)
  }).pipe(
    map(signatureOf),
    catchError((cause: unknown) => {
      const { code, message, status, retryAfter } = fault(cause, 'unavailable', WRONG)
      const named = DEV && `Topic "${asked.topic}" not signed: ${message}`
      return throwError(() => new PushError(code, named, { cause, status, retryAfter }))
    }),
  )

/** Returns the fields of a signature that the server reads. */
function signatureOf(signature: unknown): PusherAuthorization {
  const { auth, channel_data: user } = fieldsOf(signature)
  if (typeof auth !== 'string')
    throw new PushError(
      'unexpected-response',
      DEV && 'the signature has no `auth`. Return what the server responds: { auth, channel_data }.',
    )
  return { auth, ...(typeof user === 'string' && { channel_data: user }) }
}

const WRONG = DEV && '`authorize` or `authHeaders` of pusher() failed. Correct it, or the server behind it.'

const signedAt = (
  url: string,
  headers: Readonly<Record<string, string>>,
  { topic, socketId, token }: PusherAuthorizationRequest,
): Observable<unknown> =>
  request(
    {
      url,
      method: 'POST',
      headers: {
        Accept: 'application/json',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: new URLSearchParams({ socket_id: socketId, channel_name: topic }),
    },
    (response) =>
      response.ok
        ? from(response.json()).pipe(catchError((cause: unknown) => throwError(() => unsigned(url, cause))))
        : rejectedResponse(response, statusVerdict(STATUSES, response.status), { url }),
  )

const unsigned = (url: string, cause: unknown) =>
  asPushError(
    cause,
    'unexpected-response',
    DEV && `Response from "${redactUrl(url)}" not read. Check \`authEndpoint\`, and that the user is signed in.`,
  )
