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
} from '../../../wire/constants.ts'
import { mediaType, mediaTypeParameter } from '../../../wire/media-type.ts'
import { checkNumbers } from '../../internal/check-options.ts'
import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { multipart, type Part } from '../../parsers/multipart.ts'
import { bodyCollector } from '../../parsers/body-collector.ts'
import { post } from '../../http/post.ts'
import { withQuery } from '../../http/query.ts'
import { unreadable } from '../unreadable-message.ts'
import { redactUrl } from '../../internal/redact-url.ts'
import { truncatedResponse } from '../../http/read-body.ts'
import type { BackendRequest, ResponseHead, Backend, BackendParts, Emit, Target } from '../backend.ts'
import { before, compare, follows, isPlace, placeless, places } from './cursor.ts'
import { beats, frame, gapReason, line, partEvent, streamed, typed } from './control-events.ts'
import {
  EVENT_STREAM_END,
  STANDARD_CLOSES,
  STANDARD_STATUSES,
  statusVerdict,
  type StatusTable,
  type Verdict,
} from '../verdict.ts'

export interface NchanOptions {
  /**
   * How often nginx is set to send a heartbeat to an event stream, in ms: `nchan_eventsource_ping_interval` with
   * `nchan_eventsource_ping_data`. No other of its streams shows one to a page. The hub says its own.
   */
  heartbeat?: number
}

const SPACE = 'nchan'
const OWN_EVENTS: readonly string[] = ['ping', ...CONTROL_WORDS.map((word) => CONTROL_EVENT_PREFIX + word)]
const MULTIPART = 'multipart/mixed'

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
 * @throws PushError `invalid-option` where `heartbeat` is below one.
 * @example createPushClient({ technique: webSocket(), backend: nchan() })
 */
export function nchan({ heartbeat }: NchanOptions = {}): Backend & BackendParts {
  checkNumbers('nchan', { heartbeat }, 1)
  return {
    name: 'nchan',
    heartbeat: undefined,

    poll: {
      buildRequest: (target, waits) => buildRequest(target, waits ? {} : { [WAIT]: '0' }),
      verdict,
      gapAtEnd({ headers }) {
        const gap = headers.get(GAP_HEADER)
        return gap === null ? undefined : gapReason(gap)
      },

      read(head, emit, asked) {
        const { status, headers } = head
        const gap = headers.get(GAP_HEADER)
        if (gap !== null) emit({ type: 'gap', reason: gapReason(gap) })
        const type = headers.get('content-type') ?? ''
        const cursor = places()(headers)
        const said = headers.get(HEARTBEAT_HEADER)
        // Nchan has no such head. Told first: messages are judged by it.
        if (said !== null) emit({ type: 'alive', reportsGaps: true })
        // Nchan sends one message at a time: a multipart of its is what somebody published.
        const boundary =
          said !== null && mediaType(type) === MULTIPART ? mediaTypeParameter(type, 'boundary') : undefined
        const read = boundary === undefined ? single(head, asked, cursor, emit) : envelope(boundary, asked, emit)
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
      buildRequest: (target) => buildRequest(target),
      verdict: (head) => EVENT_STREAM_END[head.status] ?? verdict(head),
      ids: true,
      eventNames: OWN_EVENTS,

      read(_, emit) {
        let placed = false
        return (event) => {
          const { id, event: name = 'message' } = event
          placed ||= isPlace(id)
          // The server's own words have a name, and none of them need a place.
          if (!placed && !OWN_EVENTS.includes(name))
            throw placeless(`the first message of the stream has the id ${id ?? '(none)'}`)
          emit(streamed(event, heartbeat))
        }
      },

      heartbeat,
      // Nchan begins with a comment, the hub with a word.
      expectsGreeting: () => true,
      comment: (comment) => (/^\s*\d{3}:/.test(comment) ? 'retry' : 'again'),
    },

    stream: {
      buildRequest: (target) => buildRequest(target),
      verdict,
      accept: 'multipart/mixed',
      expectsGreeting: ({ headers }) => headers.has(HEARTBEAT_HEADER),
      fits: (type) => type === MULTIPART || type === 'text/event-stream',
      read({ headers }, emit, { maxMessageBytes }) {
        const place = places()
        const boundary = mediaTypeParameter(headers.get('content-type'), 'boundary') ?? ''
        const reader = {
          part: (part: Part) => emit(partEvent(part, place(part.headers))),
          // A server that ends a stream so is reloaded, or means to; an end of the channel is told by a marker.
          close: () => {},
        }
        return multipart(boundary, reader, maxMessageBytes)
      },
    },

    foreverFrame: { buildRequest: (target) => buildRequest(target), verdict, frame },

    webSocket: {
      buildRequest: (target) => buildRequest(target),
      subprotocols: [META_SUBPROTOCOL],
      closes: STANDARD_CLOSES,
      frame,
    },

    lines: {
      buildRequest: (target) => buildRequest(target),
      request: (reference) => JSON.stringify({ [SUBSCRIBE]: reference }),
      expectsGreeting: true,
      line,
      verdict,
      write: JSON.stringify,
    },

    post,

    continuity: { before, compare, follows },
    compare,
  }
}

/** The address with its cursor. */
function buildRequest({ url, headers, cursor }: Target, more: Readonly<Record<string, string>> = {}): BackendRequest {
  const known = cursor?.namespace === SPACE ? cursor.value : undefined
  return {
    url: withQuery(url, { [LAST_EVENT_ID]: known, ...more }),
    headers,
    namespace: SPACE,
    resume: known ? 'yes' : 'no',
  }
}

const verdict = ({ status, headers }: ResponseHead): Verdict =>
  status === 410 && headers.has(END_HEADER) ? 'end' : statusVerdict(STATUSES, status)

function single(
  { status, headers }: ResponseHead,
  { url, maxMessageBytes }: Target,
  cursor: string | undefined,
  emit: Emit,
) {
  const type = headers.get('content-type') ?? ''
  const bodiless = status === 304 || status === 408
  const tell = (data: Payload, error: PushError | undefined) => {
    const empty = data.length === 0
    if (bodiless || cursor === undefined) return
    if (error) return emit(unreadable(data, cursor, error))
    // By TLS nothing that was cut looks whole.
    if (empty && url.startsWith('http:') && headers.get('content-length') !== '0') throw truncatedResponse(url)
    emit(typed(type, data, headers.get(EVENT_HEADER), cursor))
  }
  const { feed, end } = bodyCollector(type, tell, maxMessageBytes)
  return {
    feed(chunk: Uint8Array) {
      // At its first byte: an event stream of another server does not end.
      if (!bodiless && cursor === undefined)
        throw placeless(
          `${redactUrl(url)} answered ${type || 'no content type'} without Last-Modified and Etag of Nchan`,
        )
      feed(chunk)
    },
    end,
  }
}

function envelope(boundary: string, { maxMessageBytes }: Target, emit: Emit) {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  let whole = false
  const place = places()
  const reader = {
    part: (part: Part) => emit(partEvent(part, place(part.headers))),
    close: () => (whole = true),
  }
  const read = multipart(boundary, reader, maxMessageBytes)
  return {
    feed: (chunk: Uint8Array) => read(utf8.decode(chunk, { stream: true })),
    end() {
      if (!whole) throw new PushError('connection-lost', DEV && 'A multipart answer ended before its closing boundary.')
    },
  }
}
