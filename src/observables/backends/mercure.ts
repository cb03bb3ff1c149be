import { firstValueFrom, of, type Observable } from 'rxjs'
import { checkNumbers, checkOption, wrongOption } from '../internal/check-options.ts'
import type { Cursor } from '../connection/cursor.ts'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { decodeUtf8 } from '../parsers/utf8.ts'
import { post } from '../http/post.ts'
import { withQuery, withoutQuery } from '../http/query.ts'
import type { Backend, PostTarget } from './backend.ts'
import { unexpectedServer } from './recognize-server.ts'
import { EVENT_STREAM_END, STANDARD_STATUSES, statusVerdict } from './verdict.ts'

export interface MercureOptions {
  /**
   * Where a channel without a cursor starts: with new events (`now`), or with all events that the hub keeps of its topics
   * (`earliest`). @default 'now'
   */
  from?: 'now' | 'earliest'
  /** The longest silence of a healthy stream, in ms: the hub's option `heartbeat`, if it is set. @default no heartbeat */
  heartbeat?: number
  /** Whether messages that are sent are for authorized subscribers only. @default false */
  private?: boolean
}

const NAMESPACE = 'mercure'
const EARLIEST = 'earliest'

/** The headers with the event after which the hub begins: since 1.0, and before. */
const BEGINS_AFTER = ['Mercure-Last-Event-ID', 'Last-Event-ID'] as const

/** The query parameters that hubs of each version read a cursor from, for hosts that send no header. */
const CURSOR_PARAMETERS = ['last_event_id', 'lastEventID', 'Last-Event-ID'] as const

/** The query parameters that name a topic and are not patterns: since 1.0, and before. */
const TOPIC_PARAMETERS: ReadonlySet<string> = new Set(['match', 'match_exact', 'topic'])

/**
 * Creates the backend for a Mercure hub, 1.0 or earlier. It supports `sse()`.
 *
 * The channel's URL names the topics: `match` and `match_urlpattern`, or `topic` before 1.0. The id of an event is its
 * cursor. The hub responds with the event after which it starts, and a `gap` is emitted if that differs from the request:
 * - `unknown-cursor` if the hub does not know the cursor.
 * - `not-resumed` if that header is hidden: by EventSource (`sse({ native: true })`), or by CORS unless the hub exposes
 *   `Mercure-Last-Event-ID` to pages of another origin.
 *
 * A token goes into a header (`prepareRequest`) or a cookie (`credentials: 'include'`). Before 1.0 it may also be the query
 * parameter `authorization` (`prepareRequest`).
 *
 * `send` publishes text to the topic that the URL names. It rejects with `send-unsupported` if the URL names several. A
 * carriage return in the text arrives as a line feed.
 *
 * @throws PushError `invalid-option` if `heartbeat` is below one, or `from` has another value.
 * @see https://mercure.rocks/spec
 * @example createPushClient({ technique: sse(), backend: mercure({ heartbeat: 40_000 }) })
 */
export function mercure({ from = 'now', heartbeat, private: isPrivate = false }: MercureOptions = {}): Backend {
  checkNumbers('mercure', { heartbeat }, 1)
  checkOption(
    from === 'now' || from === EARLIEST,
    DEV && wrongOption('from', 'mercure', from, 'Give "now" or "earliest".'),
  )
  const startOf = (cursor: Cursor | undefined): string | undefined =>
    cursor?.namespace === NAMESPACE ? cursor.value : from === EARLIEST ? EARLIEST : undefined

  return {
    name: NAMESPACE,
    heartbeat,

    eventStream: {
      buildRequest({ url, headers, cursor }, sendsHeaders) {
        const start = startOf(cursor)
        // A header holds ASCII without spaces at its ends, and every version reads it.
        const inHeader = start !== undefined && sendsHeaders && /^[!-~]([ -~]*[!-~])?$/.test(start)
        return {
          url:
            start === undefined || inHeader
              ? url
              : withQuery(url, Object.fromEntries(CURSOR_PARAMETERS.map((name) => [name, start]))),
          headers: { ...headers, ...(inHeader && { 'Last-Event-ID': start }) },
          namespace: NAMESPACE,
          resume: cursor?.namespace === NAMESPACE && sendsHeaders ? 'yes' : 'no',
        }
      },
      verdict: ({ status }) => EVENT_STREAM_END[status] ?? statusVerdict(STANDARD_STATUSES, status),
      ids: true,
      eventNames: [],
      comment: () => 'again',

      read(head, emit, { cursor }) {
        const start = startOf(cursor)
        const begins = head && beginsAfter(head.headers)
        if (begins !== undefined && begins !== start && start !== undefined)
          emit({ type: 'gap', reason: 'unknown-cursor', cursor: begins === EARLIEST ? undefined : begins })
        // Without the header nothing proves that the hub resumed.
        else if (begins === undefined && head && cursor?.namespace === NAMESPACE)
          emit({ type: 'gap', reason: 'not-resumed' })
        return ({ id, event = 'message', data }) => {
          if (id === undefined) throw unexpectedServer(DEV && 'a Mercure hub', DEV && 'an event has no id')
          emit({ type: 'message', data, event, cursor: id })
        }
      },
    },

    post: (target$, data) => publish(target$, data, isPrivate),
  }
}

/** Publishes to the topic that the target's URL names. */
async function publish(target$: Observable<PostTarget>, data: Payload, isPrivate: boolean): Promise<void> {
  const { url, ...target } = await firstValueFrom(target$)
  const topics = [...new URL(url).searchParams].flatMap(([name, topic]) => (TOPIC_PARAMETERS.has(name) ? [topic] : []))
  const [topic] = topics
  if (topic === undefined || topics.length > 1 || typeof data !== 'string') {
    throw new PushError(
      'send-unsupported',
      DEV &&
        (typeof data === 'string'
          ? `Message not sent: the URL names ${topics.length} topics of the Mercure hub, and must name one. Send on a channel of one topic.`
          : 'Message not sent: a Mercure hub accepts text only. Encode bytes as text.'),
    )
  }
  const hub = withoutQuery(url, (name) => name.startsWith('match') || name === 'topic')
  const form = new URLSearchParams({ topic, data, ...(isPrivate && { private: 'on' }) })
  const headers = { ...target.headers, 'Content-Type': 'application/x-www-form-urlencoded' }
  return post(of({ ...target, url: hub, headers }), form.toString())
}

function beginsAfter(headers: Headers): string | undefined {
  const value = BEGINS_AFTER.map((name) => headers.get(name)).find((header) => header !== null)
  // Hosts decode each byte of a header to one character, and the hub writes UTF-8.
  return value == null ? undefined : decodeUtf8(Uint8Array.from(value, (byte) => byte.charCodeAt(0)))
}
