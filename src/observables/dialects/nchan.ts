import {
  CONTROL_EVENT_PREFIX,
  CONTROL_WORDS,
  END_HEADER,
  EVENT_HEADER,
  GAP_HEADER,
  HEARTBEAT_HEADER,
  LAST_EVENT_ID,
  META_SUBPROTOCOL,
  MORE_HEADER,
  SUBSCRIBE,
  WAIT,
} from '../../protocol.ts'
import { parameter } from '../framing/content-type.ts'
import { multipart } from '../framing/multipart.ts'
import { wholeBody } from '../framing/whole-body.ts'
import { overlap } from '../operators/overlap.ts'
import { post } from '../post.ts'
import { headless } from '../request.ts'
import type { Address, AnswerHead, Dialect, DialectParts, Emit, Target } from './dialect.ts'
import { before, compare, follows, places } from './nchan-place.ts'
import { beats, frame, line, partEvent, streamed, typed } from './nchan-words.ts'
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
 * again; where it does not, there is a `gap`. Nor does it where one of several workers skips some: where cursors do not
 * follow each other, there is a `gap` too. The hub says so itself, and is not asked.
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

      answer(head, emit, asked) {
        const { status, headers } = head
        const gap = headers.get(GAP_HEADER)
        if (gap !== null) emit({ type: 'gap', reason: gap })
        const type = headers.get('content-type') ?? ''
        const cursor = placeOf(head, asked)
        const said = headers.get(HEARTBEAT_HEADER)
        // Nchan has no such head. Told first, because messages are judged by it.
        if (said !== null) emit({ type: 'alive', tellsGaps: true })
        const boundary = /^multipart\/mixed\b/i.test(type) ? parameter(type, 'boundary') : undefined
        const read = boundary === undefined ? single(head, asked, cursor, emit) : envelope(boundary, emit)
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

    lines: {
      address: (target) => spell(target),
      request: (reference) => JSON.stringify({ [SUBSCRIBE]: reference }),
      greets: true,
      line,
      verdict,
      write: JSON.stringify,
    },

    post,

    prove: (last, options) => ({ from: before(last), proof: overlap({ last, compare, ...options }) }),
    follows,
    compare,
  }
}

/** The address with its cursor. Spelled by hand: `searchParams` would rewrite the rest of the query. */
function spell({ url, headers, cursor }: Target, more?: string): Address {
  const known = cursor?.space === SPACE ? `${LAST_EVENT_ID}=${encodeURIComponent(cursor.value)}` : undefined
  const address = new URL(url)
  address.search = [address.search.slice(1), known, more].filter(Boolean).join('&')
  return { url: address.href, headers, space: SPACE, continuity: known ? 'resumed' : 'unproven' }
}

const verdict = ({ status, headers }: AnswerHead): Verdict =>
  status === 410 && headers.has(END_HEADER) ? 'end' : statusVerdict(STATUSES, status)

/** The place that an answer tells. Nothing new is never earlier than what was asked from: such a head was cut. */
function placeOf({ status, headers }: AnswerHead, { cursor: asked }: Target): string | undefined {
  const cursor = places()(headers)
  const earlier = cursor !== undefined && asked?.space === SPACE && compare(cursor, asked.value) < 0
  return status === 304 && earlier && !headers.has(GAP_HEADER) ? undefined : cursor
}

function single({ status, headers }: AnswerHead, { url }: Target, cursor: string | undefined, emit: Emit) {
  const type = headers.get('content-type') ?? ''
  const body = wholeBody(type)
  return {
    feed: body.feed,
    end() {
      const data = body.end()
      const empty = data.length === 0
      if (status === 304 || status === 408 || (empty && cursor === undefined)) return
      // By TLS nothing that was cut looks whole.
      if (empty && url.startsWith('http:') && headers.get('content-length') !== '0') throw headless(url)
      emit(typed(type, data, headers.get(EVENT_HEADER), cursor))
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
