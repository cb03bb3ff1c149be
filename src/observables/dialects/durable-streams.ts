import { map } from 'rxjs'
import type { Cursor } from '../cursor.ts'
import { DEV } from '../dev.ts'
import { PushError } from '../errors.ts'
import type { Payload } from '../event.ts'
import { base64 } from '../framing/content-type.ts'
import { jsonArray } from '../framing/json-array.ts'
import { wholeBody } from '../framing/whole-body.ts'
import { post } from '../post.ts'
import { END, type Address, type AnswerHead, type Dialect, type Emit, type Target } from './dialect.ts'
import { STANDARD_STATUSES, statusVerdict, type StatusTable, type Verdict } from './verdict.ts'

export interface DurableStreamsOptions {
  /** Where a channel begins that has no place yet: with all that the stream keeps, or with what comes. @default 'start' */
  from?: 'start' | 'now'
  /**
   * Whether the streams are `application/json`, where a message that was appended is read as a message. Every other type
   * is a stream of bytes: `false` reads it in pieces, in order and whole, cut where the server cuts them.
   * @default true
   */
  json?: boolean
  /** The longest silence of a healthy event stream, in ms, where your server says something that often. */
  heartbeat?: number
}

const SPACE = 'durable-streams'

const BEGINNING = '-1'
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
 * @example createPushClient({ via: sse(), dialect: durableStreams() })
 */
export function durableStreams({ from = 'start', json = true, heartbeat }: DurableStreamsOptions = {}): Dialect {
  const first = from === 'start' ? BEGINNING : 'now'
  const begin = ({ cursor }: Target): Place => placeOf(cursor) ?? { offset: first, read: 0 }
  const batchesOf = (asked: Target, emit: Emit) => {
    const place = begin(asked)
    // The beginning is a place too: what is cut before a message came is no gap.
    if (place.offset === BEGINNING && place.read === 0) emit({ type: 'alive', cursor: BEGINNING })
    return batches(place, emit)
  }

  const spell = (target: Target, live?: 'long-poll' | 'sse'): Address => {
    const { url, headers, cursor, previous } = target
    const address = new URL(url)
    const echoed = previous?.headers.get(STREAM_CURSOR)
    // In alphabetical order, so that caches on the way see one address.
    address.search = [
      address.search.slice(1),
      live && echoed && `cursor=${encodeURIComponent(echoed)}`,
      live && `live=${live}`,
      `offset=${encodeURIComponent(begin(target).offset)}`,
    ]
      .filter(Boolean)
      .join('&')
    const continuity = placeOf(cursor) ? 'resumed' : 'unproven'
    return { url: address.href, headers, space: SPACE, continuity, ownCursors: true }
  }

  return {
    name: SPACE,
    heartbeat,
    statuses: STATUSES,

    poll: {
      // Without a place the first request does not wait, so that its answer states one at once.
      address: (target, waits) => spell(target, waits && placeOf(target.cursor) ? 'long-poll' : undefined),
      verdict,

      answer({ status, headers }, emit, asked) {
        const next = headers.get(NEXT_OFFSET)
        if (next === null) throw unexpected(`it says no ${NEXT_OFFSET}, or CORS does not expose it`)
        const type = headers.get('content-type')
        if (json && status === 200 && !type?.startsWith(JSON_TYPE)) throw noMessages(type)
        const batch = batchesOf(asked, emit)
        const body = status === 204 ? NOTHING : json ? messages(batch.message) : piece(type, batch.message)
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
      address: (target) => spell(target, 'sse'),
      verdict,
      eventNames: ['data', 'control'],
      greets: () => true,
      comment: () => 'again',

      read(head, emit, asked) {
        const batch = batchesOf(asked, emit)
        const encoded = head?.headers.get('Stream-SSE-Data-Encoding') === 'base64'
        if (json && encoded) throw noMessages(BYTES)
        let text = ''
        let bytes = wholeBody(BYTES)
        return ({ event, data }) => {
          if (event === 'data' && json) readArray(data, batch.message)
          else if (event === 'data' && encoded) bytes.feed(base64(data.replaceAll('\n', '')))
          else if (event === 'data') text += data
          if (event !== 'control') return
          const { streamNextOffset, streamClosed } = JSON.parse(data) as Control
          const came = encoded ? bytes.end() : text
          if (came.length > 0) batch.message(came)
          text = ''
          bytes = wholeBody(BYTES)
          batch.end(streamNextOffset, streamClosed === true)
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

/** What an event named `control` says. */
interface Control {
  streamNextOffset: string
  streamClosed?: boolean
}

const BYTES = 'application/octet-stream'
const JSON_TYPE = 'application/json'

/** A place: an offset, and how many messages after it were read already. */
interface Place {
  readonly offset: string
  readonly read: number
}

// No offset has a comma in it (section 8).
const placeOf = (cursor: Cursor | undefined): Place | undefined => {
  if (cursor?.space !== SPACE) return undefined
  const [offset = '', read = '0'] = cursor.value.split(',')
  return { offset, read: Number(read) }
}

const spelled = ({ offset, read }: Place): string => (read > 0 ? `${offset},${read}` : offset)

/** Gives the messages of batch after batch their places, and passes by what was read before. */
function batches({ offset, read }: Place, emit: Emit) {
  let count = 0
  // The last message of a batch has the offset that comes after it, so each waits for what follows.
  let held: Payload | undefined
  const tell = (place: Place) => {
    // What came before the first offset was known has no place.
    const cursor = place.offset === 'now' ? undefined : spelled(place)
    if (held !== undefined) emit({ type: 'message', data: held, event: 'message', cursor })
    held = undefined
  }
  return {
    message(data: Payload) {
      tell({ offset, read: count })
      count += 1
      if (count > read) held = data
    },
    end(next: string, closed: boolean) {
      // Offsets sort as texts do (section 8), and a stream never shrinks.
      if (isOffset(offset) && next < offset)
        throw new PushError('cursor-lost', DEV && 'the stream ends before the offset asked for: it is another one')
      // The server may cut its batches otherwise than before.
      read = Math.max(0, read - count)
      offset = next
      count = 0
      const place = { offset, read }
      tell(place)
      emit({ type: 'alive', cursor: spelled(place) })
      if (closed) emit(END)
    },
  }
}

const isOffset = (offset: string) => offset !== BEGINNING && offset !== 'now'

const NOTHING = { feed: () => {}, end: () => {} }

/** A body that is an array of messages, each told as soon as it is known not to be the last. */
function messages(message: (json: string) => void) {
  const utf8 = new TextDecoder()
  const array = jsonArray(message)
  return {
    feed: (chunk: Uint8Array) => array.feed(utf8.decode(chunk, { stream: true })),
    end: array.end,
  }
}

function readArray(text: string, message: (json: string) => void): void {
  const array = jsonArray(message)
  array.feed(text)
  array.end()
}

/** A body that is a piece of a stream of bytes. */
function piece(type: string | null, message: (data: Payload) => void) {
  const body = wholeBody(type)
  return {
    feed: body.feed,
    end() {
      const data = body.end()
      if (data.length > 0) message(data)
    },
  }
}

// A place that is no longer kept can be gone on from anew; a stream that is gone cannot.
const verdict = ({ status }: AnswerHead, { cursor }: Target): Verdict =>
  status === 410 && !placeOf(cursor) ? 'final' : statusVerdict(STATUSES, status)

const says = (headers: Headers, name: string): boolean => headers.get(name)?.toLowerCase() === 'true'

const noMessages = (type: string | null) =>
  unexpected(`a stream of ${type} has pieces instead of messages: durableStreams({ json: false })`)

const unexpected = (said: string) => new PushError('unexpected-answer', DEV && `no Durable Streams answer: ${said}`)
