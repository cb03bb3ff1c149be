import { firstValueFrom, of } from 'rxjs'
import { checkNumbers, checkOption, wrongOption } from '../internal/check-options.ts'
import type { Cursor } from '../connection/cursor.ts'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { decodeUtf8 } from '../parsers/utf8.ts'
import { post } from '../http/post.ts'
import { withQuery, withoutQuery } from '../http/query.ts'
import type { Backend } from './backend.ts'
import { notOf } from './recognize-server.ts'
import { EVENT_STREAM_END, STANDARD_STATUSES, statusVerdict } from './verdict.ts'

export interface MercureOptions {
  /**
   * Where a channel begins that has no place yet: with what comes, or with all that the hub keeps of its topics.
   * @default 'now'
   */
  from?: 'now' | 'earliest'
  /** The longest silence of a healthy stream, in ms, where your hub is set to send heartbeats (`heartbeat`). */
  heartbeat?: number
  /** What is sent is for authorized subscribers alone. @default false */
  private?: boolean
}

const SPACE = 'mercure'
const EARLIEST = 'earliest'

/** Where the hub says after which event it really begins: 1.0, and before. */
const BEGINS_AFTER = ['Mercure-Last-Event-ID', 'Last-Event-ID'] as const

/** What hubs of one version after the other read a place from, where no header can be sent. */
const PLACE_PARAMETERS = ['last_event_id', 'lastEventID', 'Last-Event-ID'] as const

/** Parameters that name topics as they are: 1.0, and before. */
const TOPIC_PARAMETERS: ReadonlySet<string> = new Set(['match', 'match_exact', 'topic'])

/**
 * A Mercure hub, 1.0 or before, read by `sse()`. The channel's URL names the topics: `match` and `match_urlpattern`, or
 * `topic` before 1.0. Every event has an id, which is its cursor. The hub answers where it really begins; where that is
 * not where it was asked to, or cannot be seen, there is a `gap`: `unknown-cursor` where the hub does not know the place,
 * `not-resumed` where the answer is hidden, by EventSource (`sse({ native: true })`) or by CORS from pages of another
 * origin, unless the hub exposes `Mercure-Last-Event-ID`.
 *
 * A token goes into a header (`prepareRequest`), into a cookie (`credentials: 'include'`), or before 1.0 into the query
 * parameter `authorization` (`prepareRequest`).
 *
 * `send` publishes to the topic that the URL names, where it is one; a carriage return in it arrives as a line feed.
 *
 * @throws PushError `invalid-option` where `heartbeat` is below one, or `from` another word.
 * @see https://mercure.rocks/spec
 * @example createPushClient({ technique: sse(), backend: mercure({ heartbeat: 40_000 }) })
 */
export function mercure({ from = 'now', heartbeat, private: hidden = false }: MercureOptions = {}): Backend {
  checkNumbers('mercure', { heartbeat }, 1)
  checkOption(
    from === 'now' || from === EARLIEST,
    DEV && wrongOption('from', 'mercure', from, 'Give "now" or "earliest".'),
  )
  const placeOf = (cursor: Cursor | undefined): string | undefined =>
    cursor?.namespace === SPACE ? cursor.value : from === EARLIEST ? EARLIEST : undefined

  return {
    name: SPACE,
    heartbeat,

    eventStream: {
      buildRequest({ url, headers, cursor }, sendsHeaders) {
        const place = placeOf(cursor)
        // A header holds ASCII without spaces at its ends, and every version reads it.
        const inHeader = place !== undefined && sendsHeaders && /^[!-~]([ -~]*[!-~])?$/.test(place)
        return {
          url:
            place === undefined || inHeader
              ? url
              : withQuery(url, Object.fromEntries(PLACE_PARAMETERS.map((name) => [name, place]))),
          headers: { ...headers, ...(inHeader && { 'Last-Event-ID': place }) },
          namespace: SPACE,
          resume: cursor?.namespace === SPACE && sendsHeaders ? 'yes' : 'no',
        }
      },
      verdict: ({ status }) => EVENT_STREAM_END[status] ?? statusVerdict(STANDARD_STATUSES, status),
      ids: true,
      eventNames: [],
      comment: () => 'again',

      read(head, emit, { cursor }) {
        const place = placeOf(cursor)
        const begins = head && beginsAfter(head.headers)
        if (begins !== undefined && begins !== place && place !== undefined)
          emit({ type: 'gap', reason: 'unknown-cursor', cursor: begins === EARLIEST ? undefined : begins })
        // The hub has to say it; where it is hidden, nothing proves that it was said.
        else if (begins === undefined && head && cursor?.namespace === SPACE)
          emit({ type: 'gap', reason: 'not-resumed' })
        return ({ id, event = 'message', data }) => {
          if (id === undefined) throw notOf('a Mercure hub', 'an event has no id')
          emit({ type: 'message', data, event, cursor: id })
        }
      },
    },

    async post(target$, data) {
      const { url, ...target } = await firstValueFrom(target$)
      const topics = [...new URL(url).searchParams].flatMap(([name, topic]) =>
        TOPIC_PARAMETERS.has(name) ? [topic] : [],
      )
      const [topic] = topics
      if (topic === undefined || topics.length > 1 || typeof data !== 'string') {
        throw new PushError(
          'send-unsupported',
          DEV &&
            (typeof data === 'string'
              ? `a Mercure hub is sent to where the URL names one topic, and this one names ${topics.length}`
              : 'a Mercure hub takes text alone'),
        )
      }
      const hub = withoutQuery(url, (name) => name.startsWith('match') || name === 'topic')
      const form = new URLSearchParams({ topic, data, ...(hidden && { private: 'on' }) })
      const headers = { ...target.headers, 'Content-Type': 'application/x-www-form-urlencoded' }
      return post(of({ ...target, url: hub, headers }), form.toString())
    },
  }
}

function beginsAfter(headers: Headers): string | undefined {
  const said = BEGINS_AFTER.map((name) => headers.get(name)).find((value) => value !== null)
  // A host shows the bytes of a header one by one, and the hub writes UTF-8.
  return said == null ? undefined : decodeUtf8(Uint8Array.from(said, (byte) => byte.charCodeAt(0)))
}
