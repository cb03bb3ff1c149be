import type { IncomingHttpHeaders } from 'node:http'
import { LAST_EVENT_ID } from '../../wire/constants.ts'
import type { CursorParts } from '../../wire/cursor.ts'
import type { Channel } from '../channels/channel.ts'
import type { Registry } from '../channels/channel-registry.ts'
import { parseId } from '../channels/message-id.ts'
import { quoted } from '../sanitize.ts'
import type { Refusal } from './http-errors.ts'
import type { Route } from './route.ts'

/** What a subscriber requests: a channel and its cursor in it, or the end of a channel that was deleted. */
export type Requested =
  | { readonly channel: Channel; readonly cursor: CursorParts | undefined; readonly end?: undefined }
  | { readonly end: { readonly complete: boolean } }

/** Finds what a subscriber requests, or returns why its cursor is refused. @throws HubError `invalid-channel` */
export function findRequested(
  registry: Registry,
  { name, query }: Route,
  headers: IncomingHttpHeaders = {},
): Requested | Refusal {
  const cursor = requestedCursor(headers, query)
  if (cursor && 'status' in cursor) return cursor
  const end = cursor && registry.endAt(name, cursor)
  return end ? { end } : { channel: registry.channel(name), cursor }
}

/**
 * Reads the cursor of a request: conditional headers, then `Last-Event-ID`, then the query (PROTOCOL.md section 1).
 * Undefined: the request has none.
 */
export function requestedCursor(
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): CursorParts | Refusal | undefined {
  const modified = headers['if-modified-since']
  if (modified !== undefined) {
    const seconds = Date.parse(modified) / 1_000
    return parseId(`${seconds}:${headers['if-none-match'] ?? '0'}`) ?? INVALID_CONDITION
  }
  const given = headers['last-event-id'] ?? query.get(LAST_EVENT_ID)
  if (given === null) return undefined
  return parseId(String(given)) ?? invalidCursor(String(given))
}

const INVALID_CONDITION: Refusal = {
  status: 400,
  message:
    'Invalid cursor: If-Modified-Since and If-None-Match are not a Last-Modified and an Etag of this server. Send both back unchanged.',
}

const invalidCursor = (cursor: string): Refusal => ({
  status: 400,
  message: `Invalid \`${LAST_EVENT_ID}\`: ${quoted(cursor)} is not a cursor. Send it as the server sent it, <seconds>:<counter>.<epoch>.`,
})
