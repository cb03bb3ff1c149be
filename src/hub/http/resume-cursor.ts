import type { IncomingHttpHeaders } from 'node:http'
import { LAST_EVENT_ID } from '../../wire/constants.ts'
import type { CursorParts } from '../../wire/cursor.ts'
import { parseId } from '../channels/message-id.ts'
import { quoted } from '../text.ts'

/**
 * The cursor that a request carries: conditional headers, then `Last-Event-ID`, then the query (PROTOCOL.md section 1).
 * Undefined: none; a string: why it cannot be one.
 */
export function requestedPlace(headers: IncomingHttpHeaders, query: URLSearchParams): CursorParts | string | undefined {
  const modified = headers['if-modified-since']
  const etag = headers['if-none-match']
  if (modified !== undefined) {
    const seconds = Date.parse(modified) / 1_000
    return (
      parseId(`${seconds}:${etag ?? '0'}`) ??
      'If-Modified-Since and If-None-Match hold no cursor: give back Last-Modified and Etag as they came'
    )
  }
  const given = headers['last-event-id'] ?? query.get(LAST_EVENT_ID)
  if (given === null) return undefined
  return (
    parseId(String(given)) ??
    `${LAST_EVENT_ID} ${quoted(String(given))} is not a cursor: <unix seconds>:<counter>.<epoch>`
  )
}
