import { DEV } from '../../internal/dev.ts'
import {
  CONTROL_EVENT_PREFIX,
  CONTROL_WORDS,
  END_HEADER,
  GAP_HEADER,
  HEARTBEAT_HEADER,
  LAST_EVENT_ID,
  META_SUBPROTOCOL,
  SUBSCRIBE,
  WAIT,
} from '../../../wire/constants.ts'
import { mediaTypeParameter } from '../../../wire/media-type.ts'
import { checkNumbers } from '../../internal/check-options.ts'
import { multipart, type Part } from '../../parsers/multipart.ts'
import { post } from '../../http/post.ts'
import { withQuery } from '../../http/query.ts'
import type { BackendRequest, ResponseHead, Backend, BackendParts, Target } from '../backend.ts'
import { before, compare, follows, cursorReader, isCursor, missingCursor } from './cursor.ts'
import { MULTIPART, readPoll } from './poll-reader.ts'
import { frame, gapReason, line, partEvent, streamed } from './control-events.ts'
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
   * The interval of nginx's heartbeats in event streams, in ms: `nchan_eventsource_ping_interval`, with
   * `nchan_eventsource_ping_data` set. A page cannot see heartbeats of Nchan's other streams. The hub sends its own interval.
   * @default no heartbeat
   */
  heartbeat?: number
}

const NAMESPACE = 'nchan'
const OWN_EVENTS: readonly string[] = ['ping', ...CONTROL_WORDS.map((word) => CONTROL_EVENT_PREFIX + word)]

// Nchan responds with 410 after a DELETE and after a graceful reload, so the client retries. A marker ends a channel.
const STATUSES: StatusTable = { ...STANDARD_STATUSES, 410: 'retry' }

/**
 * Creates the backend for nginx with Nchan, and for the embedded hub. A message has the same cursor with every technique
 * and on every node. PROTOCOL.md defines the protocol.
 *
 * After a connection was lost, the client resumes from just before the last message, because Nchan does not report expired
 * messages. If the last message is not sent again, a `gap` is emitted. A `gap` is also emitted if the cursors of two
 * messages are not consecutive, because one of several Nchan workers may skip messages. The hub reports its gaps itself.
 *
 * @throws PushError `invalid-option` if `heartbeat` is below one.
 * @see https://nchan.io
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

      read: readPoll,
    },

    eventStream: {
      buildRequest: (target) => buildRequest(target),
      verdict: (head) => EVENT_STREAM_END[head.status] ?? verdict(head),
      ids: true,
      eventNames: OWN_EVENTS,

      read(_, emit) {
        let hasCursors = false
        return (event) => {
          const { id, event: name = 'message' } = event
          hasCursors ||= isCursor(id)
          // Control events have a name, and need no cursor.
          if (!hasCursors && !OWN_EVENTS.includes(name))
            throw missingCursor(DEV && `the first message of the stream has the id ${id ?? '(none)'}`)
          emit(streamed(event, heartbeat))
        }
      },

      heartbeat,
      // Nchan begins with a comment, the hub with a control event.
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
        const cursorOf = cursorReader()
        const boundary = mediaTypeParameter(headers.get('content-type'), 'boundary') ?? ''
        const reader = {
          part: (part: Part) => emit(partEvent(part, cursorOf(part.headers))),
          // The server ends the stream when it is reloaded. A marker ends the channel.
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

/** Adds the cursor to the URL. */
function buildRequest({ url, headers, cursor }: Target, more: Readonly<Record<string, string>> = {}): BackendRequest {
  const known = cursor?.namespace === NAMESPACE ? cursor.value : undefined
  return {
    url: withQuery(url, { [LAST_EVENT_ID]: known, ...more }),
    headers,
    namespace: NAMESPACE,
    resume: known ? 'yes' : 'no',
  }
}

const verdict = ({ status, headers }: ResponseHead): Verdict =>
  status === 410 && headers.has(END_HEADER) ? 'end' : statusVerdict(STATUSES, status)
