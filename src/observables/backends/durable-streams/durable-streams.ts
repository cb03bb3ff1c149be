import { map } from 'rxjs'
import { mediaType } from '../../../wire/media-type.ts'
import { checkNumbers, checkOption, wrongOption } from '../../internal/check-options.ts'
import { DEV } from '../../internal/dev.ts'
import { decodeBase64 } from '../../parsers/base64.ts'
import { headerIs } from '../../parsers/header-lines.ts'
import { bodyCollector } from '../../parsers/body-collector.ts'
import { post } from '../../http/post.ts'
import { withQuery } from '../../http/query.ts'
import { BEGINNING, SPACE, batches, messagesOf, placeOf, readArray, type Place } from './batches.ts'
import { notOf } from '../recognize-server.ts'
import { type BackendRequest, type ResponseHead, type Backend, type Emit, type Target } from '../backend.ts'
import { EVENT_STREAM_END, STANDARD_STATUSES, statusVerdict, type StatusTable, type Verdict } from '../verdict.ts'

export interface DurableStreamsOptions {
  /** Where a channel begins that has no place yet: with all that the stream keeps, or with what comes. @default 'start' */
  from?: 'start' | 'now'
  /**
   * Whether the streams are `application/json`, where a message that was appended is read as a message. Every other type
   * is a stream of bytes: `false` reads it in pieces, in order and whole, cut where the server cuts them. An event stream
   * of what is not text tells so by `Stream-SSE-Data-Encoding`, which the server must expose to pages of another origin.
   * @default true
   */
  json?: boolean
  /**
   * The longest silence of a healthy connection, in ms: how long your server holds a long poll, where its event streams
   * say something that often too.
   */
  heartbeat?: number
}

const NEXT_OFFSET = 'Stream-Next-Offset'
const STREAM_CURSOR = 'Stream-Cursor'

const STATUSES: StatusTable = { ...STANDARD_STATUSES, 410: 'gap' }

/**
 * A server of the Durable Streams protocol: a log that is read from any place, by polls, long polls and event streams
 * (`polling()`, `longPolling()`, `sse()`). An offset is a cursor; a stream that was closed ends the channel.
 *
 * The server tells one offset for a batch of messages. A message within it has the offset before the batch and how many
 * came since: what stands at a place never changes, so a batch that was cut is asked for again, and what of it was told
 * already is passed by. Servers know the bare offset, which is the cursor of a batch's last message.
 *
 * `send` appends by POST, one message each.
 *
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
  const begin = ({ cursor }: Target): Place => placeOf(cursor) ?? { offset: first, read: 0 }
  // The beginning is a place too: what is cut before a message came is no gap.
  const sayWhereItBegins = (asked: Target, emit: Emit) => {
    const { offset, read } = begin(asked)
    if (offset === BEGINNING && read === 0) emit({ type: 'alive', cursor: BEGINNING })
  }

  const spell = (target: Target, live?: 'long-poll' | 'sse'): BackendRequest => {
    const { url, headers, cursor, previous } = target
    const echoed = previous?.headers.get(STREAM_CURSOR)
    // In alphabetical order, so that caches on the way see one address.
    const address = withQuery(url, {
      cursor: (live && echoed) || undefined,
      live,
      offset: begin(target).offset,
    })
    const resume = placeOf(cursor) ? 'yes' : 'no'
    return { url: address, headers, namespace: SPACE, resume, ownCursors: true }
  }

  return {
    name: SPACE,
    heartbeat,

    poll: {
      // Without a place the first request does not wait, so that its answer states one at once.
      buildRequest: (target, waits) => spell(target, waits && placeOf(target.cursor) ? 'long-poll' : undefined),
      verdict,

      read({ status, headers }, emit, asked) {
        const next = headers.get(NEXT_OFFSET)
        const type = headers.get('content-type')
        if (next === null) throw unexpected(`it says no ${NEXT_OFFSET}, and is ${type ?? 'of no content type'}`)
        if (json && status === 200 && mediaType(type) !== JSON_TYPE) throw noMessages(type)
        sayWhereItBegins(asked, emit)
        const batch = batches(begin(asked), emit)
        const { maxMessageBytes } = asked
        const body =
          status === 204
            ? NOTHING
            : json
              ? messagesOf(batch.message, maxMessageBytes)
              : bodyCollector(type, batch.piece, maxMessageBytes)
        return {
          feed: body.feed,
          end() {
            body.end()
            batch.end(next, says(headers, 'Stream-Closed'))
            return status === 200 && !says(headers, 'Stream-Up-To-Date')
          },
        }
      },
    },

    eventStream: {
      buildRequest: (target) => spell(target, 'sse'),
      verdict: (head, asked) => EVENT_STREAM_END[head.status] ?? verdict(head, asked),
      eventNames: ['data', 'control'],
      expectsGreeting: () => true,
      comment: () => 'again',

      read(head, emit, asked) {
        const batch = batches(begin(asked), emit)
        const encoded = head !== undefined && headerIs(head.headers, 'Stream-SSE-Data-Encoding', 'base64')
        if (json && encoded) throw noMessages(BYTES)
        const { maxMessageBytes } = asked
        const gathered = () => bodyCollector(encoded ? BYTES : null, batch.piece, maxMessageBytes)
        let body = gathered()
        let begun = false
        let controlled = false
        return ({ event, data }) => {
          // A later version may have others, but none comes first.
          if (event !== 'data' && event !== 'control') {
            if (!begun) throw unexpected(`an event named ${event ?? 'message'} comes first`)
            return
          }
          if (!begun) sayWhereItBegins(asked, emit)
          begun = true
          if (event === 'data') {
            if (json) readArray(data, batch.message, maxMessageBytes)
            else body.feed(encoded ? decodeBase64(data.replaceAll('\n', '')) : utf8.encode(data))
            return
          }
          const control = readControl(data)
          if (!control) {
            if (!controlled) throw unexpected('a control event says no streamNextOffset')
            return batch.wrong(data, 'a control event says no streamNextOffset')
          }
          controlled = true
          body.end()
          body = gathered()
          batch.end(control.next, control.closed)
        }
      },
    },

    post: (target$, data) =>
      json && typeof data === 'string'
        ? post(
            target$.pipe(map((target) => ({ ...target, headers: { 'Content-Type': JSON_TYPE, ...target.headers } }))),
            // The server takes one array away, so that a message that is an array stays one message.
            `[${data}]`,
          )
        : post(target$, data),
  }
}

/** What an event named `control` says; undefined where it does not say where the stream goes on. */
function readControl(json: string): { next: string; closed: boolean } | undefined {
  try {
    const { streamNextOffset: next, streamClosed } = JSON.parse(json) as Record<string, unknown>
    return typeof next === 'string' ? { next, closed: streamClosed === true } : undefined
  } catch {
    return undefined
  }
}

const utf8 = /* @__PURE__ */ new TextEncoder()
const BYTES = 'application/octet-stream'
const JSON_TYPE = 'application/json'

const NOTHING = { feed: () => {}, end: () => {} }

// A place that is no longer kept can be gone on from anew; a stream that is gone cannot.
const verdict = ({ status }: ResponseHead, { cursor }: Target): Verdict =>
  status === 410 && !placeOf(cursor) ? 'final' : statusVerdict(STATUSES, status)

const says = (headers: Headers, name: string): boolean => headerIs(headers, name, 'true')

const noMessages = (type: string | null) =>
  unexpected(`a stream of ${type} has pieces instead of messages: durableStreams({ json: false })`)

const unexpected = (said: string) => notOf('a Durable Streams server', said)
