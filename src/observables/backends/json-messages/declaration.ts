import { checkNumbers, checkOption, wrongOption } from '../../internal/check-options.ts'
import { DEV } from '../../internal/dev.ts'
import type { SessionCredentials } from '../../session/conversation.ts'
import { invalidSubprotocols } from '../subprotocols.ts'
import { VERDICTS, type CloseTable } from '../verdict.ts'

/** A parsed frame. Without a type parameter it is what `JSON.parse` returns, so that any field can be read. */
type Parsed = ReturnType<typeof JSON.parse>

/** Nothing: the frame is of another kind. */
type No = false | null | undefined | '' | 0

/** One message of a frame. */
export interface JsonMessage {
  topic: string
  data: unknown
  /** The message's place in its topic, to resume from: a text or a number. */
  cursor?: string | number | null | undefined
  /** The event's name. @default 'message' */
  event?: string | undefined
}

/** One error of the server. */
export interface JsonError {
  /** The topic that was rejected; absent: the only one that waits for an acknowledgement, or the connection before it is ready. */
  topic?: string | null | undefined
  /** The key of the sent message that was rejected. */
  key?: string | number | null | undefined
  /** Why, for people. */
  message?: string | undefined
  /** Whether the same may succeed later. @default false */
  retry?: boolean | undefined
  /** Whether the user is to blame, and not the request: the error is `unauthorized`. @default false */
  unauthorized?: boolean | undefined
}

/** The state of a topic that the server acknowledged. */
export interface JsonSubscribed {
  topic: string
  /** Whether the server resumed behind the cursor. @default true where `subscribe` used the cursor */
  resumed?: boolean | undefined
  /** The topic's present place. */
  cursor?: string | number | null | undefined
}

/**
 * How a server with JSON frames talks. Each function that reads gets one parsed frame, and returns a falsy value where
 * the frame is of another kind. Each function that writes returns what becomes one JSON frame.
 */
export interface JsonMessagesOptions<M> {
  /** The first frame on each connection: a login, say. @default none */
  hello?: (credentials: SessionCredentials) => unknown
  /** Whether a frame says that topics may be subscribed. @default as soon as the connection is open */
  ready?: (frame: M) => unknown
  /** Subscribes one topic. `cursor`: the last message's, where the server can resume. */
  subscribe: (topic: string, state: { readonly cursor: string | undefined }) => unknown
  /** The topic that a frame acknowledges. @default a topic counts as subscribed once the frame was written */
  subscribed?: (frame: M) => string | JsonSubscribed | No
  /** Unsubscribes one topic. @default none: the server sends on, and nobody reads it */
  unsubscribe?: (topic: string) => unknown
  /** The messages of a frame. */
  message: (frame: M) => JsonMessage | readonly JsonMessage[] | No
  /** The error that a frame reports. */
  error?: (frame: M) => JsonError | No
  /** The topic that has ended for good. */
  ended?: (frame: M) => string | No
  /** Sends one message. @default sending is unsupported */
  send?: (topic: string, data: Parsed, message: { readonly key: number }) => unknown
  /** The key of the sent message that a frame accepts. @default a message counts as sent once it was written */
  accepted?: (frame: M) => string | number | No
  /** A heartbeat that this side sends. */
  ping?: {
    /** How often, in ms. */
    every: number
    frame: unknown
    /** Whether a frame is the server's reply. @default the server need not reply */
    reply?: (frame: M) => unknown
    /** How long the server may take to reply, in ms. @default 10_000 where there is `reply` */
    within?: number
  }
  /** The reply to a ping of the server. */
  pong?: (frame: M) => unknown
  /** The longest silence of a healthy connection, in ms, where the server sends heartbeats. @default none is promised */
  heartbeat?: number
  /** WebSocket subprotocols to offer. @default [] */
  subprotocols?: readonly string[]
  /** Verdicts on WebSocket close codes, over the standard ones, e.g. `{ 4001: 'final' }`. */
  closes?: Partial<CloseTable>
}

const REQUIRED = ['subscribe', 'message'] as const
const OPTIONAL = ['hello', 'ready', 'subscribed', 'unsubscribe', 'error', 'ended', 'send', 'accepted', 'pong'] as const

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
