import { checkNumbers, checkOption, isNames, wrongOption } from '../../internal/check-options.ts'
import { DEV } from '../../internal/dev.ts'
import type { Payload } from '../../events.ts'
import type { Backend, BackendParts } from '../backend.ts'
import { invalidSubprotocols } from '../subprotocols.ts'
import { STANDARD_CLOSES, VERDICTS, type CloseTable, type StatusTable } from '../verdict.ts'
import { standardFrame, standardLines, standardWebSocket } from './frames.ts'
import { clientHeartbeat, type StandardHeartbeat } from './heartbeat.ts'
import { standardPoll } from './poll.ts'
import { standardEventStream, standardStream } from './streams.ts'

export interface StandardOptions {
  /**
   * The longest silence of a healthy connection, in ms, if your server sends heartbeats: comments in an event stream, any
   * frame on a WebSocket. Give an object to send heartbeats from the client. Without heartbeats, only TCP detects a dead
   * connection that has no cursor. @default no heartbeat
   */
  heartbeat?: number | StandardHeartbeat
  /**
   * Names of events in an event stream that are heartbeats and not messages, such as `ping`. Their ids still count.
   * @default []
   */
  heartbeatEvents?: readonly string[]
  /**
   * Whether your server resumes event streams from `Last-Event-ID`. If true, the client reconnects a silent stream without
   * heartbeats from its last id, to detect a dead connection. If the server ignores the header, each such reconnection
   * loses or repeats messages. @default false
   */
  resumes?: boolean
  /**
   * Returns the first message of each WebSocket connection, such as a login. It may return a promise. The channel opens
   * after the message was sent. @default no message
   */
  hello?: () => Payload | undefined | Promise<Payload | undefined>
  /** Returns the reply if a WebSocket frame is a ping of the server, and undefined if it is a message. */
  answer?: (frame: Payload) => Payload | undefined
  /**
   * WebSocket subprotocols to offer. For a fresh token at each attempt, return `{ subprotocols: [...] }` from
   * `prepareRequest`. @default []
   */
  subprotocols?: readonly string[]
  /**
   * Whether polls may receive HTML. Otherwise an HTML page is an `unexpected-response`, because captive portals and login
   * pages respond with one. @default false
   */
  html?: boolean
  /** Verdicts on HTTP statuses that differ from the standard ones, such as `{ 404: 'retry' }`. */
  statuses?: Partial<StatusTable>
  /** Verdicts on WebSocket close codes that differ from the standard ones, such as `{ 4001: 'final' }`. */
  closes?: Partial<CloseTable>
}

/**
 * Creates the backend for servers that only follow the standards. It is the default of every technique.
 *
 * Event streams resume with `Last-Event-ID`. Polls are conditional (`ETag`, `Last-Modified`) and read the current state. A
 * WebSocket frame is a message without a cursor. If nothing proves that a new connection continues, a `gap` is emitted.
 *
 * @throws PushError `invalid-option` if a number is below one, a subprotocol or a verdict is not valid, or a list or a
 * function has another type.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html, RFC 6455, RFC 9110 section 13
 * @example createPushClient({ technique: sse(), backend: standard({ heartbeat: 30_000 }) })
 */
export function standard(options: StandardOptions = {}): Backend & BackendParts {
  checkOptions(options)
  const { heartbeat, heartbeatEvents, resumes, hello, answer, subprotocols, html, statuses, closes } = options
  return {
    name: 'standard',
    heartbeat: typeof heartbeat === 'number' ? heartbeat : undefined,
    poll: standardPoll(statuses, html),
    eventStream: standardEventStream(statuses, { heartbeatEvents, resumes }),
    stream: standardStream(statuses, { resumes }),
    foreverFrame: standardFrame(statuses),
    lines: standardLines(statuses),
    webSocket: {
      ...standardWebSocket(subprotocols, { ...STANDARD_CLOSES, ...closes }),
      hello,
      reply: answer,
      ...(typeof heartbeat === 'object' && clientHeartbeat(heartbeat)),
    },
  }
}

function checkOptions({
  heartbeat,
  heartbeatEvents = [],
  hello,
  answer,
  subprotocols = [],
  statuses = {},
  closes = {},
}: StandardOptions): void {
  const wrong = invalidSubprotocols(subprotocols)
  checkOption(
    wrong === undefined,
    DEV &&
      `Invalid option \`subprotocols\` of standard(): it ${wrong}. If they change, return them from \`prepareRequest\`.`,
  )
  if (process.env.NODE_ENV !== 'production') {
    checkOption(
      isNames(heartbeatEvents),
      wrongOption('heartbeatEvents', 'standard', heartbeatEvents, 'Give a list of names.'),
    )
    for (const [name, given] of Object.entries({ hello, answer }))
      checkOption(
        given === undefined || typeof given === 'function',
        wrongOption(name, 'standard', given, 'Give a function that returns the message to send.'),
      )
  }
  for (const [name, table] of Object.entries({ statuses, closes }))
    for (const [code, verdict] of Object.entries(table))
      checkOption(
        verdict === undefined || VERDICTS.has(verdict),
        DEV && wrongOption(`${name}.${code}`, 'standard', verdict, `Give one of ${[...VERDICTS].join(', ')}.`),
      )
  if (heartbeat && typeof heartbeat === 'object') {
    const { send, every = NaN, within } = heartbeat
    if (process.env.NODE_ENV !== 'production')
      checkOption(
        typeof send === 'string' || typeof send === 'function' || ArrayBuffer.isView(send),
        wrongOption('heartbeat.send', 'standard', send, 'Give text, bytes or a function that returns them.'),
      )
    checkNumbers('standard', { 'heartbeat.every': every, 'heartbeat.within': within }, 1)
  } else checkNumbers('standard', { heartbeat }, 1)
}
