import { checkNumbers, checkOption, isNames, wrongOption } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { ALIVE, type Payload } from '../events.ts'
import { lines } from '../parsers/lines.ts'
import { bodyCollector } from '../parsers/body-collector.ts'
import { hubByFrame } from './recognize-server.ts'
import type {
  ResponseHead,
  Backend,
  BackendParts,
  EventStreamBackend,
  FrameBackend,
  LinesBackend,
  PollBackend,
  StreamBackend,
  WebSocketBackend,
} from './backend.ts'
import { PLACE, fromLastEvent } from './last-event-id.ts'
import { wrongNames } from './subprotocols.ts'
import {
  EVENT_STREAM_END,
  STANDARD_CLOSES,
  STANDARD_STATUSES,
  VERDICTS,
  statusVerdict,
  type CloseTable,
  type StatusTable,
  type Verdict,
} from './verdict.ts'

export interface StandardOptions {
  /**
   * The longest silence of a healthy connection, in ms, if your server sends heartbeats: a comment in an event
   * stream, any frame on a WebSocket. Without it a dead link that carries no cursor is noticed by TCP alone.
   */
  heartbeat?: number | StandardHeartbeat
  /**
   * Names of events in an event stream that are heartbeats and no messages, `ping` say. An id that one carries counts all
   * the same. @default []
   */
  heartbeatEvents?: readonly string[]
  /**
   * Whether your server resumes event streams from `Last-Event-ID`. If it does, a stream without heartbeats that is silent
   * is renewed from its last id, unseen by readers, which finds a dead connection. A server that ignores the header would
   * lose or repeat messages each time. @default false
   */
  resumes?: boolean
  /**
   * What a WebSocket sends first on each connection, before anything that waits to be sent: a login, say. It may return
   * a promise; the channel opens after it was sent.
   */
  hello?: () => Payload | undefined | Promise<Payload | undefined>
  /** What a WebSocket sends when a frame asks for it, by a ping of the server's own: such a frame is not a message. */
  answer?: (frame: Payload) => Payload | undefined
  /**
   * WebSocket subprotocols to offer; a token that is fresh for each attempt comes from `prepareRequest`
   * (`{ subprotocols: [...] }`). @default []
   */
  subprotocols?: readonly string[]
  /**
   * Whether polls may be answered with HTML. Without it, an HTML page in place of a message is an `unexpected-response`,
   * because that is how captive portals and login pages answer.
   * @default false
   */
  html?: boolean
  /** Verdicts on HTTP statuses, over the standard ones, e.g. `{ 404: 'retry' }`. */
  statuses?: Partial<StatusTable>
  /** Verdicts on WebSocket close codes, over the standard ones, e.g. `{ 4001: 'final' }`. */
  closes?: Partial<CloseTable>
}

/** A heartbeat that WebSockets send, for servers that drop clients which send nothing, or that show nothing by themselves. */
export interface StandardHeartbeat {
  /** What to send: a text, bytes, or a function that returns one. */
  send: Payload | (() => Payload)
  /** How often, in ms. */
  every: number
  /** Whether a frame is the server's answer, which is not a message: a text to compare with, or a function. */
  expect?: string | ((frame: Payload) => boolean)
  /**
   * How long the server may take to answer, in ms: where nothing arrives for `every` + `within`, the connection is
   * dropped as `heartbeat-timeout`. @default 10_000 where there is `expect`, otherwise the server is not expected to answer
   */
  within?: number
}

/**
 * Any server that follows the standards and nothing else. Event streams resume by `Last-Event-ID`; polls are
 * conditional (`ETag`, `Last-Modified`) and sample the present state; a WebSocket frame is a message and carries no
 * cursor. What cannot be proved to continue is a `gap`.
 *
 * It is what techniques speak where no backend is named; name it to set its options.
 *
 * @throws PushError `invalid-option` where a number is below one, a subprotocol or a verdict is none, or a list or a
 * function is something else.
 * @example createPushClient({ technique: sse(), backend: standard({ heartbeat: 30_000 }) })
 */
export function standard({
  heartbeat,
  heartbeatEvents = [],
  resumes = false,
  hello,
  answer: reply,
  subprotocols = [],
  html = false,
  statuses = {},
  closes = {},
}: StandardOptions = {}): Backend & BackendParts {
  const wrong = wrongNames(subprotocols)
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
    for (const [name, given] of Object.entries({ hello, answer: reply }))
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
  const own = typeof heartbeat === 'object' ? heartbeat : undefined
  if (own) {
    const { send, every = NaN, within } = own
    checkOption(
      typeof send === 'string' || typeof send === 'function' || ArrayBuffer.isView(send),
      DEV && wrongOption('heartbeat.send', 'standard', send, 'Give text, bytes or a function that returns them.'),
    )
    checkNumbers('standard', { 'heartbeat.every': every, 'heartbeat.within': within }, 1)
  } else checkNumbers('standard', { heartbeat }, 1)
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
      reply,
      ...(own && beating(own)),
    },
  }
}

/** A frame that answers a heartbeat says that the line is alive, and nothing else. */
function beating({ send, every, expect, within }: StandardHeartbeat): Pick<WebSocketBackend, 'ping' | 'frame'> {
  const isAnswer = typeof expect === 'function' ? expect : (frame: Payload) => frame === expect
  return {
    ping: {
      send: typeof send === 'function' ? send : () => send,
      every,
      within: expect === undefined ? within : (within ?? ANSWERS_WITHIN),
    },
    frame: (data) => (expect !== undefined && isAnswer(data) ? ALIVE : { type: 'message', data, event: 'message' }),
  }
}

const ANSWERS_WITHIN = 10_000

type Statuses = Partial<StatusTable>

const judge =
  (...own: readonly Statuses[]) =>
  ({ status }: ResponseHead): Verdict =>
    statusVerdict(Object.assign({}, STANDARD_STATUSES, ...own), status)

export const standardPoll = (statuses: Statuses = {}, html = false): PollBackend => ({
  buildRequest({ url, headers, cursor }) {
    const known = cursor?.namespace === VALIDATOR ? cursor.value : undefined
    return { url, headers: { ...headers, ...condition(known) }, namespace: VALIDATOR, resume: 'sampled' }
  },

  // 204 brings no news, as 304 does.
  verdict: judge({ 204: 'again' }, statuses),
  fits: (type) => html || !PAGES.has(type),
  expects: 'JSON, text or bytes (where your server sends HTML: `standard({ html: true })`)',

  read({ status, headers }, emit, { maxMessageBytes }) {
    const cursor = validator(headers)
    const tell = (data: Payload, error: PushError | undefined) => {
      if (status === 304 || status === 408 || data.length === 0) emit({ type: 'alive', cursor })
      // A state without a validator leaves nothing that a later one could be compared with.
      else emit({ type: 'message', data, event: 'message', cursor: cursor ?? '', error })
    }
    const { feed, end } = bodyCollector(headers.get('content-type'), tell, maxMessageBytes)
    return {
      feed,
      end() {
        end()
        return false
      },
    }
  },
})

export const standardEventStream = (
  statuses: Statuses = {},
  { heartbeatEvents = [], resumes = false }: Pick<StandardOptions, 'heartbeatEvents' | 'resumes'> = {},
): EventStreamBackend => ({
  buildRequest: (target, sendsHeaders) => fromLastEvent(target, sendsHeaders, resumes),
  verdict: judge(EVENT_STREAM_END, statuses),
  ids: true,
  eventNames: heartbeatEvents,
  read:
    (_, emit) =>
    ({ id, event = 'message', data }) =>
      emit(
        heartbeatEvents.includes(event) ? { type: 'alive', cursor: id } : { type: 'message', data, event, cursor: id },
      ),
  comment: () => 'again',
})

/** A message is a line: newline-delimited JSON, say. Lines carry no cursor; the events of an event stream do. */
export const standardStream = (
  statuses: Statuses = {},
  { resumes = false }: Pick<StandardOptions, 'resumes'> = {},
): StreamBackend => ({
  buildRequest: (target) => fromLastEvent(target, true, resumes),
  verdict: judge(statuses),
  accept: 'application/x-ndjson, text/event-stream, */*;q=0.1',
  fits: (type) => !PAGES.has(type),
  read: (_, emit, { maxMessageBytes }) =>
    lines((data, error) => emit({ type: 'message', data, event: 'message', error }), maxMessageBytes),
})

/** A page that posts each message to its parent as it is. What is posted carries no cursor. */
export const standardFrame = (statuses: Statuses = {}): FrameBackend => ({
  buildRequest: ({ url, headers }) => ({ url, headers, namespace: PLACE, resume: 'no' }),
  verdict: judge(statuses),
  frame(data) {
    const other = hubByFrame(data)
    if (other) throw other
    return { type: 'message', data, event: 'message' }
  },
})

/** Each line is a message, both ways. It carries no cursor, and the tunnel alone says what is read. */
export const standardLines = (statuses: Statuses = {}): LinesBackend => ({
  buildRequest: ({ url, headers }) => ({ url, headers, namespace: PLACE, resume: 'no' }),
  request: () => undefined,
  expectsGreeting: false,
  verdict: judge(statuses),
  line: (text) => {
    const data = text.endsWith('\r') ? text.slice(0, -1) : text
    return data === '' ? ALIVE : { type: 'message', data, event: 'message' }
  },
  write(content) {
    if ('text' in content && !content.text.includes('\n')) return content.text
    throw new PushError('send-unsupported', DEV && 'what is a line holds no line end and no bytes: send JSON')
  },
})

export const standardWebSocket = (
  subprotocols: readonly string[] = [],
  closes: CloseTable = STANDARD_CLOSES,
): WebSocketBackend => ({
  buildRequest: ({ url, headers }) => ({ url, headers, namespace: PLACE, resume: 'no' }),
  subprotocols,
  closes,
  frame: (data) => ({ type: 'message', data, event: 'message' }),
})

// A validator names a state, an event's id a place: one is never sent for the other.
const VALIDATOR = 'standard-validator'

/** Media types of pages: what a captive portal, a login page or a fallback for unknown URLs answers with. */
const PAGES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml'])
const validator = (headers: Headers): string | undefined => {
  const etag = headers.get('etag')
  if (etag) return `etag ${etag}`
  const modified = headers.get('last-modified')
  return modified ? `modified ${modified}` : undefined
}

const condition = (known: string | undefined): Record<string, string> => {
  if (known?.startsWith('etag ')) return { 'If-None-Match': known.slice(5) }
  if (known?.startsWith('modified ')) return { 'If-Modified-Since': known.slice(9) }
  return {}
}
