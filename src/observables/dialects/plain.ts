import { wholeBody } from '../framing/whole-body.ts'
import type { Dialect } from './dialect.ts'
import { STANDARD_CLOSES, STANDARD_STATUSES, statusVerdict, type CloseTable, type StatusTable } from './verdict.ts'

export interface PlainOptions {
  /**
   * The longest silence of a healthy connection, in ms, if your server sends heartbeats: a comment in an event
   * stream, any frame on a WebSocket. Without it a dead link that carries no cursor is noticed by TCP alone.
   */
  heartbeat?: number
  /** WebSocket subprotocols to offer. @default [] */
  subprotocols?: readonly string[]
  /** Verdicts on HTTP statuses, over the standard ones. */
  statuses?: Partial<StatusTable>
  /** Verdicts on WebSocket close codes, over the standard ones, e.g. `{ 4001: 'final' }`. */
  closes?: Partial<CloseTable>
}

/** 204 is how WHATWG HTML 9.2 lets a server stop an event stream. */
const STATUSES: StatusTable = { ...STANDARD_STATUSES, 204: 'end' }

/**
 * Any server that follows the standards and nothing else. Event streams resume by `Last-Event-ID`; polls are
 * conditional (`ETag`, `Last-Modified`) and sample the present state; a WebSocket frame is a message and carries no
 * cursor. What cannot be proved to continue is a `gap`.
 *
 * @example createPushClient({ via: sse(), dialect: plain({ heartbeat: 30_000 }) })
 */
export function plain({ heartbeat, subprotocols = [], statuses = {}, closes = {} }: PlainOptions = {}): Dialect {
  const statusTable: StatusTable = { ...STATUSES, ...statuses }
  return {
    name: 'plain',
    subprotocols,
    eventNames: [],
    heartbeat,
    statuses: statusTable,
    closes: { ...STANDARD_CLOSES, ...closes },

    address({ url, headers, cursor, carrier }) {
      const polls = carrier === 'poll' || carrier === 'long-poll'
      // A validator names a state, an event's id a place: one is never sent for the other.
      const space = polls ? 'plain-validator' : 'plain'
      const known = cursor?.space === space ? cursor.value : undefined
      if (polls) return { url, headers: { ...headers, ...condition(known) }, space, continuity: 'sampled' }
      const carried = known !== undefined && carrier === 'event-stream'
      return {
        url,
        headers: {
          ...headers,
          ...(carrier === 'event-stream' && { Accept: 'text/event-stream' }),
          ...(carried && { 'Last-Event-ID': known }),
        },
        space,
        continuity: carried ? 'resumed' : 'unproven',
      }
    },

    verdict: (status) => statusVerdict(statusTable, status),

    answer({ status, headers }, emit) {
      const cursor = validator(headers)
      const read = wholeBody(headers.get('content-type'))
      return {
        feed: read.feed,
        end() {
          const data = read.end()
          const place = cursor === undefined ? {} : { cursor }
          if (status === 304 || status === 408 || data.length === 0) emit({ type: 'alive', ...place })
          else emit({ type: 'message', data, event: 'message', ...place })
          return false
        },
      }
    },

    event: ({ id, event = 'message', data }) =>
      id === undefined ? { type: 'message', data, event } : { type: 'message', data, event, cursor: id },

    comment: () => 'again',
    frame: (data) => ({ type: 'message', data, event: 'message' }),
    compare: () => undefined,
  }
}

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
