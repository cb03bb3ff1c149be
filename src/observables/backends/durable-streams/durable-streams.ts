import { map } from 'rxjs'
import { checkNumbers, checkOption, wrongOption } from '../../internal/check-options.ts'
import { DEV } from '../../internal/dev.ts'
import { post } from '../../http/post.ts'
import { withQuery } from '../../http/query.ts'
import { BEGINNING, NAMESPACE, parsePosition, type LogPosition } from './batches.ts'
import { JSON_TYPE, readEvents, readPoll, type Reading } from './readers.ts'
import type { Backend, BackendRequest, ResponseHead, Target } from '../backend.ts'
import { EVENT_STREAM_END, STANDARD_STATUSES, statusVerdict, type StatusTable, type Verdict } from '../verdict.ts'

export interface DurableStreamsOptions {
  /** Where a channel without a cursor begins: with all that the stream keeps, or with new messages. @default 'start' */
  from?: 'start' | 'now'
  /**
   * Whether the streams are `application/json`, so that each element is a message. With `false` a stream consists of bytes.
   * A message is then a piece of the stream, as the server sends it, and the pieces are complete and in order. An event
   * stream of bytes is recognized by `Stream-SSE-Data-Encoding`, which the server must expose to pages of another origin.
   * @default true
   */
  json?: boolean
  /**
   * The longest silence of a healthy connection, in ms: how long the server holds a long poll, if its event streams send
   * something that often too.
   */
  heartbeat?: number
}

const STREAM_CURSOR = 'Stream-Cursor'

const STATUSES: StatusTable = { ...STANDARD_STATUSES, 410: 'gap' }

/**
 * Creates the backend for a Durable Streams server: a log that is read from any offset. It supports `polling()`,
 * `longPolling()` and `sse()`. A closed stream ends the channel.
 *
 * The server sends one offset for each batch of messages. The cursor of a message is the offset before its batch and its
 * number in it; that of the last message is the bare offset, which other clients understand. A batch that was cut is
 * requested again, and the messages that were already read are skipped.
 *
 * `send` appends one message by POST.
 *
 * @throws PushError `invalid-option` if `heartbeat` is below one, or `from` has another value.
 * @see https://github.com/durable-streams/durable-streams/blob/main/PROTOCOL.md
 * @example createPushClient({ technique: sse(), backend: durableStreams() })
 */
export function durableStreams({ from = 'start', json = true, heartbeat }: DurableStreamsOptions = {}): Backend {
  checkNumbers('durableStreams', { heartbeat }, 1)
  checkOption(
    from === 'start' || from === 'now',
    DEV && wrongOption('from', 'durableStreams', from, 'Give "start" or "now".'),
  )
  const first = from === 'start' ? BEGINNING : 'now'
  const start = ({ cursor }: Target): LogPosition => parsePosition(cursor) ?? { offset: first, read: 0 }
  const reading = (target: Target): Reading => ({ json, start: start(target), limit: target.maxMessageBytes })

  const buildRequest = (target: Target, live?: 'long-poll' | 'sse'): BackendRequest => {
    const { url, headers, cursor, previous } = target
    const echoed = previous?.headers.get(STREAM_CURSOR)
    // In alphabetical order, so that caches see one URL.
    const address = withQuery(url, {
      cursor: (live && echoed) || undefined,
      live,
      offset: start(target).offset,
    })
    const resume = parsePosition(cursor) ? 'yes' : 'no'
    return { url: address, headers, namespace: NAMESPACE, resume, ownCursors: true }
  }

  return {
    name: NAMESPACE,
    heartbeat,

    poll: {
      // The first request does not wait, so that its response has an offset at once.
      buildRequest: (target, waits) =>
        buildRequest(target, waits && parsePosition(target.cursor) ? 'long-poll' : undefined),
      verdict,

      read: (head, emit, target) => readPoll(head, emit, reading(target)),
    },

    eventStream: {
      buildRequest: (target) => buildRequest(target, 'sse'),
      verdict: (head, target) => EVENT_STREAM_END[head.status] ?? verdict(head, target),
      eventNames: ['data', 'control'],
      expectsGreeting: () => true,
      comment: () => 'again',

      read: (head, emit, target) => readEvents(head, emit, reading(target)),
    },

    post: (target$, data) =>
      json && typeof data === 'string'
        ? post(
            target$.pipe(map((target) => ({ ...target, headers: { 'Content-Type': JSON_TYPE, ...target.headers } }))),
            // The server removes one array, so that a message that is an array stays one message.
            `[${data}]`,
          )
        : post(target$, data),
  }
}

// A client can continue without a position that is gone, but not on a stream that is gone.
const verdict = ({ status }: ResponseHead, { cursor }: Target): Verdict =>
  status === 410 && !parsePosition(cursor) ? 'final' : statusVerdict(STATUSES, status)
