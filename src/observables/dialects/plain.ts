import { DEV } from '../dev.ts'
import { PushError } from '../errors.ts'
import { ALIVE } from '../event.ts'
import { lines } from '../framing/lines.ts'
import { wholeBody } from '../framing/whole-body.ts'
import type {
  Dialect,
  DialectParts,
  EventStreamDialect,
  FrameDialect,
  LinesDialect,
  PollDialect,
  StreamDialect,
  WebSocketDialect,
} from './dialect.ts'
import { STANDARD_CLOSES, STANDARD_STATUSES, statusVerdict, type CloseTable, type StatusTable } from './verdict.ts'

export interface PlainOptions {
  /**
   * The longest silence of a healthy connection, in ms, if your server sends heartbeats: a comment in an event
   * stream, any frame on a WebSocket. Without it a dead link that carries no cursor is noticed by TCP alone.
   */
  heartbeat?: number
  /** WebSocket subprotocols to offer. @default [] */
  subprotocols?: readonly string[]
  /** Verdicts on HTTP statuses, over the standard ones, e.g. `{ 404: 'retry' }`. */
  statuses?: Partial<StatusTable>
  /** Verdicts on WebSocket close codes, over the standard ones, e.g. `{ 4001: 'final' }`. */
  closes?: Partial<CloseTable>
}

/**
 * Any server that follows the standards and nothing else. Event streams resume by `Last-Event-ID`; polls are
 * conditional (`ETag`, `Last-Modified`) and sample the present state; a WebSocket frame is a message and carries no
 * cursor. What cannot be proved to continue is a `gap`.
 *
 * It is what techniques speak where no dialect is named; name it to set its options.
 *
 * @example createPushClient({ via: sse(), dialect: plain({ heartbeat: 30_000 }) })
 */
export function plain({ heartbeat, subprotocols = [], statuses = {}, closes = {} }: PlainOptions = {}): Dialect &
  DialectParts {
  const table = { ...plainStatuses(), ...statuses }
  return {
    name: 'plain',
    heartbeat,
    statuses: table,
    poll: plainPoll(table),
    eventStream: plainEventStream(table),
    stream: plainStream(table),
    foreverFrame: plainFrame(table),
    lines: plainLines(table),
    webSocket: plainWebSocket(subprotocols, { ...STANDARD_CLOSES, ...closes }),
  }
}

/** 204 is how WHATWG HTML 9.2 lets a server stop an event stream. */
const plainStatuses = (): StatusTable => ({ ...STANDARD_STATUSES, 204: 'end' })

export const plainPoll = (statuses: StatusTable = plainStatuses()): PollDialect => ({
  address({ url, headers, cursor }) {
    const known = cursor?.space === VALIDATOR ? cursor.value : undefined
    return { url, headers: { ...headers, ...condition(known) }, space: VALIDATOR, continuity: 'sampled' }
  },

  verdict: ({ status }) => statusVerdict(statuses, status),

  answer({ status, headers }, emit) {
    const cursor = validator(headers)
    const body = wholeBody(headers.get('content-type'))
    return {
      feed: body.feed,
      end() {
        const data = body.end()
        if (status === 304 || status === 408 || data.length === 0) emit({ type: 'alive', cursor })
        else emit({ type: 'message', data, event: 'message', cursor })
        return false
      },
    }
  },
})

export const plainEventStream = (statuses: StatusTable = plainStatuses()): EventStreamDialect => ({
  address({ url, headers, cursor }, sendsHeaders) {
    const known = sendsHeaders && cursor?.space === PLACE ? cursor.value : undefined
    const resumed = known !== undefined
    return {
      url,
      headers: { ...headers, ...(resumed && { 'Last-Event-ID': known }) },
      space: PLACE,
      continuity: resumed ? 'resumed' : 'unproven',
    }
  },
  verdict: ({ status }) => statusVerdict(statuses, status),
  eventNames: [],
  read:
    (_, emit) =>
    ({ id, event = 'message', data }) =>
      emit({ type: 'message', data, event, cursor: id }),
  comment: () => 'again',
})

/** A message is a line: newline-delimited JSON, say. Lines carry no cursor. */
export const plainStream = (statuses: StatusTable = plainStatuses()): StreamDialect => ({
  address: ({ url, headers }) => ({ url, headers, space: PLACE, continuity: 'unproven' }),
  verdict: ({ status }) => statusVerdict(statuses, status),
  accept: 'application/x-ndjson, text/event-stream, */*;q=0.1',
  // A page is what a captive portal answers with.
  fits: (type) => !type.startsWith('text/html'),
  read: (_, emit) => lines((data) => emit({ type: 'message', data, event: 'message' })),
})

/** A page that posts each message to its parent as it is. What is posted carries no cursor. */
export const plainFrame = (statuses: StatusTable = plainStatuses()): FrameDialect => ({
  address: ({ url, headers }) => ({ url, headers, space: PLACE, continuity: 'unproven' }),
  verdict: ({ status }) => statusVerdict(statuses, status),
  frame: (data) => ({ type: 'message', data, event: 'message' }),
})

/** Each line is a message, both ways. It carries no cursor, and the tunnel alone says what is read. */
export const plainLines = (statuses: StatusTable = plainStatuses()): LinesDialect => ({
  address: ({ url, headers }) => ({ url, headers, space: PLACE, continuity: 'unproven' }),
  request: () => undefined,
  greets: false,
  verdict: ({ status }) => statusVerdict(statuses, status),
  line: (text) => {
    const data = text.endsWith('\r') ? text.slice(0, -1) : text
    return data === '' ? ALIVE : { type: 'message', data, event: 'message' }
  },
  write(content) {
    if ('text' in content && !content.text.includes('\n')) return content.text
    throw new PushError('cannot-send', DEV && 'what is a line holds no line end and no bytes: send JSON')
  },
})

export const plainWebSocket = (
  subprotocols: readonly string[] = [],
  closes: CloseTable = STANDARD_CLOSES,
): WebSocketDialect => ({
  address: ({ url, headers }) => ({ url, headers, space: PLACE, continuity: 'unproven' }),
  subprotocols,
  closes,
  frame: (data) => ({ type: 'message', data, event: 'message' }),
})

// A validator names a state, an event's id a place: one is never sent for the other.
const PLACE = 'plain'
const VALIDATOR = 'plain-validator'

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
