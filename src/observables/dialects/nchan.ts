import {
  END_HEADER,
  EVENT_HEADER,
  CONTROL_EVENT_PREFIX,
  CONTROL_WORDS,
  GAP_HEADER,
  HEARTBEAT_HEADER,
  LAST_EVENT_ID,
  META_SUBPROTOCOL,
  MORE_HEADER,
  CONTROL_TYPE,
  WAIT,
} from '../../protocol.ts'
import { ALIVE, type Payload, type SourceEvent } from '../event.ts'
import { base64, parameter, text } from '../framing/content-type.ts'
import { multipart, type Part } from '../framing/multipart.ts'
import { metaFrame } from '../framing/nchan-meta.ts'
import { wholeBody } from '../framing/whole-body.ts'
import { overlap } from '../operators/overlap.ts'
import { post } from '../post.ts'
import {
  END,
  type Address,
  type AnswerHead,
  type Dialect,
  type DialectParts,
  type Emit,
  type ServerSentEvent,
  type Target,
} from './dialect.ts'
import { STANDARD_CLOSES, STANDARD_STATUSES, statusVerdict, type StatusTable, type Verdict } from './verdict.ts'

export interface NchanOptions {
  /**
   * How often nginx is set to send a heartbeat to an event stream, in ms: `nchan_eventsource_ping_interval` with
   * `nchan_eventsource_ping_data`. No other of its streams shows one to a page. The hub says its own.
   */
  heartbeat?: number
}

const SPACE = 'nchan'

// A 410 follows a DELETE and a graceful reload alike: ask again. An end is told by a marker.
const STATUSES: StatusTable = { ...STANDARD_STATUSES, 410: 'retry' }

/**
 * nginx with Nchan, and the embedded hub: every message carries a cursor that means the same place under every
 * technique and on every node. PROTOCOL.md is the contract.
 *
 * Nchan does not say that messages expired, so after a loss it is asked from just before the last one, which has to come
 * again; where it does not, there is a `gap`. The hub says so itself, and is not asked.
 *
 * @example createPushClient({ via: webSocket(), dialect: nchan() })
 */
export function nchan({ heartbeat }: NchanOptions = {}): Dialect & DialectParts {
  return {
    name: 'nchan',
    heartbeat: undefined,
    statuses: STATUSES,

    poll: {
      address: (target, waits) => spell(target, waits ? undefined : `${WAIT}=0`),
      verdict,

      answer({ status, headers }, emit) {
        const gap = headers.get(GAP_HEADER)
        if (gap !== null) emit({ type: 'gap', reason: gap })
        const type = headers.get('content-type') ?? ''
        const cursor = places()(headers)
        const said = headers.get(HEARTBEAT_HEADER)
        // Nchan has no such head. Told first, because messages are judged by it.
        if (said !== null) emit({ type: 'alive', tellsGaps: true })
        const boundary = /^multipart\/mixed\b/i.test(type) ? parameter(type, 'boundary') : undefined
        const read = boundary === undefined ? single(status, type, headers, cursor, emit) : envelope(boundary, emit)
        return {
          feed: read.feed,
          end() {
            read.end()
            emit({
              type: 'alive',
              ...(cursor !== undefined && { cursor }),
              heartbeat: beats(Number(said)),
            })
            // Nchan answers one message at a time and does not say whether another waits.
            return headers.has(MORE_HEADER) || (said === null && status === 200)
          },
        }
      },
    },

    eventStream: {
      address: (target) => spell(target),
      verdict,
      eventNames: ['ping', ...CONTROL_WORDS.map((word) => CONTROL_EVENT_PREFIX + word)],

      read: (_, emit) => (event) => emit(streamed(event, heartbeat)),

      heartbeat,
      // Nchan begins with a comment, the hub with a word.
      greets: () => true,
      comment: (comment) => (/^\s*\d{3}:/.test(comment) ? 'retry' : 'again'),
    },

    stream: {
      address: (target) => spell(target),
      verdict,
      accept: 'multipart/mixed',
      greets: ({ headers }) => headers.has(HEARTBEAT_HEADER),
      fits: (type) => /^(multipart\/mixed|text\/event-stream)\b/i.test(type),
      read({ headers }, emit) {
        const place = places()
        return multipart(parameter(headers.get('content-type') ?? '', 'boundary') ?? '', {
          part: (part) => emit(partEvent(part, place(part.headers))),
          // A server that ends a stream so is reloaded, or means to; an end of the channel is told by a marker.
          close: () => {},
        })
      },
    },

    foreverFrame: { address: (target) => spell(target), verdict, frame },

    webSocket: {
      address: (target) => spell(target),
      subprotocols: [META_SUBPROTOCOL],
      closes: STANDARD_CLOSES,
      frame,
    },

    post,

    prove: (last, options) => ({ from: before(last), proof: overlap({ last, compare, ...options }) }),
    compare,
  }
}

function compare(a: string, b: string): number {
  const [secondsA = 0, counterA = 0] = a.split(':').map(Number)
  const [secondsB = 0, counterB = 0] = b.split(':').map(Number)
  return secondsA - secondsB || counterA - counterB
}

/** Nchan goes on after the greatest id that is not above the one asked from, or from its oldest message. */
function before(cursor: string): string {
  const [seconds = 0, counter = 0] = cursor.split(':').map(Number)
  return counter > 0 ? `${seconds}:${counter - 1}` : `${seconds - 1}:${LAST_COUNTER}`
}

// Greater than any that one second gets.
const LAST_COUNTER = 32_000

/** The address with its cursor. Spelled by hand: `searchParams` would rewrite the rest of the query. */
function spell({ url, headers, cursor }: Target, more?: string): Address {
  const known = cursor?.space === SPACE ? `${LAST_EVENT_ID}=${encodeURIComponent(cursor.value)}` : undefined
  const address = new URL(url)
  address.search = [address.search.slice(1), known, more].filter(Boolean).join('&')
  return { url: address.href, headers, space: SPACE, continuity: known ? 'resumed' : 'unproven' }
}

const verdict = ({ status, headers }: AnswerHead): Verdict =>
  status === 410 && headers.has(END_HEADER) ? 'end' : statusVerdict(STATUSES, status)

function single(status: number, type: string, headers: Headers, cursor: string | undefined, emit: Emit) {
  const body = wholeBody(type)
  return {
    feed: body.feed,
    end() {
      const data = body.end()
      const empty = data.length === 0 && cursor === undefined
      if (status !== 304 && status !== 408 && !empty) emit(typed(type, data, headers.get(EVENT_HEADER), cursor))
    },
  }
}

function envelope(boundary: string, emit: Emit) {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  let whole = false
  const place = places()
  const read = multipart(boundary, {
    part: (part) => emit(partEvent(part, place(part.headers))),
    close: () => (whole = true),
  })
  return {
    feed: (chunk: Uint8Array) => read(utf8.decode(chunk, { stream: true })),
    end() {
      if (!whole) throw new Error('a multipart answer ended before its closing boundary')
    },
  }
}

/** A frame of a WebSocket, or what a forever frame posted: the same words. */
function frame(data: Payload): SourceEvent | typeof END {
  const { head, body } = metaFrame(data)
  const word = head.get('push')
  return word === undefined
    ? typed(head.get('content-type'), body, head.get('event'), head.get('id'))
    : control(word, head.get('id'), body)
}

/** An event of an event stream. */
function streamed({ id, event, data }: ServerSentEvent, heartbeat: number | undefined): SourceEvent | typeof END {
  if (event?.startsWith(CONTROL_EVENT_PREFIX)) return control(event.slice(CONTROL_EVENT_PREFIX.length), id, data)
  // Nchan's own heartbeat, an event named `ping` that is no message and carries no id.
  if (event === 'ping' && id === undefined) return { type: 'alive', heartbeat }
  return message(data, event, id)
}

const message = (data: Payload, event: string | null | undefined, cursor: string | undefined): SourceEvent => ({
  type: 'message',
  data,
  event: event || 'message',
  cursor,
})

/** A message, or a word that a publisher said by its type: Nchan hands no more than that on under every technique. */
function typed(
  type: string | undefined,
  data: Payload,
  event: string | null | undefined,
  cursor: string | undefined,
): SourceEvent | typeof END {
  const word = type && CONTROL_TYPE.exec(type)?.[1]
  return word ? control(word, cursor, data) : message(data, event, cursor)
}

/** The server's own words; one that is not known yet is a sign of life. */
function control(word: string, cursor: string | undefined, body: Payload): SourceEvent | typeof END {
  const json = typeof body === 'string' ? body : text(body)
  if (word === 'end') return END
  if (word === 'gap') return { type: 'gap', reason: String(parse(json)['reason'] ?? 'unknown'), cursor }
  if (word === 'message') {
    const { event, text: body, base64: bytes } = parse(json)
    const data = typeof bytes === 'string' ? base64(bytes) : String(body)
    return message(data, typeof event === 'string' ? event : undefined, cursor)
  }
  if (word === 'begin') return { type: 'alive', cursor, begins: true }
  if (word === 'open') {
    const { heartbeat, gaps } = parse(json)
    return { type: 'alive', cursor, heartbeat: beats(Number(heartbeat)), tellsGaps: gaps === true }
  }
  return ALIVE
}

/** A heartbeat as it is told, in seconds; what is none is not promised. */
const beats = (seconds: number): number | undefined => (seconds > 0 ? seconds * 1_000 : undefined)

function parse(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Reads the places that heads tell. Those of one second follow each other, and to read a date takes long. */
function places(): (head: { get(name: string): string | null | undefined }) => string | undefined {
  let date: string | null | undefined
  let seconds = Number.NaN
  return (head) => {
    const modified = head.get('last-modified')
    if (modified !== date) {
      date = modified
      seconds = Date.parse(modified ?? '') / 1000
    }
    const etag = head.get('etag')
    return etag && Number.isFinite(seconds) ? `${seconds}:${etag}` : undefined
  }
}

/** A part: the hub's own word, or a message. */
function partEvent({ headers, body }: Part, cursor: string | undefined): SourceEvent | typeof END {
  const word = headers.get('push')
  if (word !== undefined) return control(word, cursor, body)
  const data = headers.get('content-transfer-encoding') === 'base64' ? base64(body) : body
  return typed(headers.get('content-type'), data, headers.get(EVENT_FIELD), cursor)
}

const EVENT_FIELD = EVENT_HEADER.toLowerCase()
