import { checkNumbers, checkOption, wrongOption } from '../../internal/check-options.ts'
import { DEV } from '../../internal/dev.ts'
import type { SessionCredentials } from '../../session/conversation.ts'
import { invalidSubprotocols } from '../subprotocols.ts'
import { VERDICTS, type CloseTable } from '../verdict.ts'

/** A parsed frame. Without a type parameter it is what `JSON.parse` returns, so that any field can be read. */
type Parsed = ReturnType<typeof JSON.parse>

/** The frame is of another kind. */
type No = false | null | undefined | '' | 0

/** One message of a frame. */
export interface JsonMessage {
  topic: string
  data: unknown
  /** The message's position in its topic. The client passes the last one to `subscribe` when it reconnects. */
  cursor?: string | number | null | undefined
  /** The event's name. @default 'message' */
  event?: string | undefined
}

/** One error of the server. */
export interface JsonError {
  /**
   * The topic that was rejected. @default the only topic that waits for an acknowledgement; before `ready`, the connection
   */
  topic?: string | null | undefined
  /** The key of the sent message that was rejected. */
  key?: string | number | null | undefined
  /** The reason. It becomes part of the error's message, in development only. */
  message?: string | undefined
  /** Whether the client retries: the error is `unavailable`. @default false */
  retry?: boolean | undefined
  /** Whether the server rejects the user, and not the request: the error is `unauthorized`. @default false */
  unauthorized?: boolean | undefined
}

/** The state of a topic that the server acknowledged. */
export interface JsonSubscribed {
  topic: string
  /** Whether the server resumed after the cursor. If not, a `gap` is emitted. @default true if `subscribe` used the cursor */
  resumed?: boolean | undefined
  /** The topic's current position, if the server sends it. The client resumes from it if no message has arrived yet. */
  cursor?: string | number | null | undefined
}

/**
 * Describes the JSON frames of a server. A function with the parameter `frame` reads: it receives each parsed frame, and
 * returns a falsy value if the frame is of another kind. The other functions write: what they return is sent as one JSON
 * frame.
 */
export interface JsonMessagesOptions<M> {
  /** Returns the first frame of each connection, such as a login with the token of `auth`. @default no frame */
  hello?: (credentials: SessionCredentials) => unknown
  /** Whether a frame permits subscriptions, such as the response to a login. @default when the connection opens */
  ready?: (frame: M) => unknown
  /** Returns the frame that subscribes a topic. `cursor` is that of the last message, and undefined before the first one. */
  subscribe: (topic: string, state: { readonly cursor: string | undefined }) => unknown
  /** Returns the topic that a frame acknowledges. @default a topic counts as subscribed once its frame was sent */
  subscribed?: (frame: M) => string | JsonSubscribed | No
  /** Returns the frame that unsubscribes a topic. @default no frame: the client ignores further messages of the topic */
  unsubscribe?: (topic: string) => unknown
  /**
   * Returns the frame that gives the server another token of `auth` on an open connection: before the present one expires,
   * and once after a topic was rejected as `unauthorized`.
   * @default no frame: the client reconnects with the token before the present one expires, if every topic can resume
   */
  refresh?: (token: string) => unknown
  /** Returns the messages of a frame. */
  message: (frame: M) => JsonMessage | readonly JsonMessage[] | No
  /** Returns the error that a frame reports. */
  error?: (frame: M) => JsonError | No
  /** Returns the topic that has ended permanently, according to a frame. Its channel is `closed`. */
  ended?: (frame: M) => string | No
  /** Returns the frame that sends a message. `key` identifies the message. @default `send` rejects: `send-unsupported` */
  send?: (topic: string, data: Parsed, message: { readonly key: number }) => unknown
  /** Returns the key of the sent message that a frame accepts. @default a message counts as accepted once it was sent */
  accepted?: (frame: M) => string | number | No
  /** The heartbeat that the client sends. @default no heartbeat */
  ping?: {
    /** The interval, in ms. */
    every: number
    /** The frame to send. */
    frame: unknown
    /** Whether a frame is the server's reply. @default the server need not reply */
    reply?: (frame: M) => unknown
    /** How long the server may take to reply, in ms. Then the client reconnects. @default 10_000 if `reply` is set */
    within?: number
  }
  /** Returns the reply if a frame is a ping of the server. */
  pong?: (frame: M) => unknown
  /** The longest silence of a healthy connection, in ms, if the server sends heartbeats. @default no heartbeat */
  heartbeat?: number
  /** WebSocket subprotocols to offer. @default [] */
  subprotocols?: readonly string[]
  /** Verdicts on WebSocket close codes that differ from the standard ones, such as `{ 4001: 'final' }`. */
  closes?: Partial<CloseTable>
}

const REQUIRED = ['subscribe', 'message'] as const
const OPTIONAL = [
  'hello',
  'ready',
  'subscribed',
  'unsubscribe',
  'refresh',
  'error',
  'ended',
  'send',
  'accepted',
  'pong',
] as const

/** Names the first mistake of a declaration, when it is given. */
export function checkDeclaration(options: JsonMessagesOptions<never>): void {
  const { ping, heartbeat, subprotocols, closes = {} } = options
  const wrong = (name: string, value: unknown, advice: string | false) =>
    advice && wrongOption(name, 'jsonMessages', value, advice)
  if (process.env.NODE_ENV !== 'production') {
    for (const name of REQUIRED)
      checkOption(typeof options[name] === 'function', wrong(name, options[name], 'It is required: give a function.'))
    for (const name of OPTIONAL)
      checkOption(
        options[name] === undefined || typeof options[name] === 'function',
        wrong(name, options[name], 'Give a function, or leave it out.'),
      )
  }
  checkOption(
    options.accepted === undefined || options.send !== undefined,
    wrong('accepted', options.accepted, DEV && 'Without `send` nothing is sent: give `send` too, or leave it out.'),
  )
  checkNumbers('jsonMessages', { heartbeat }, 1)
  if (ping) checkNumbers('jsonMessages', { 'ping.every': ping.every ?? NaN, 'ping.within': ping.within }, 1)
  const names = invalidSubprotocols(subprotocols)
  checkOption(names === undefined, DEV && `Invalid option \`subprotocols\` of jsonMessages(): it ${names}.`)
  for (const [code, verdict] of Object.entries(closes))
    checkOption(
      verdict === undefined || VERDICTS.has(verdict),
      wrong(`closes[${code}]`, verdict, DEV && `Give one of ${[...VERDICTS].join(', ')}.`),
    )
}
