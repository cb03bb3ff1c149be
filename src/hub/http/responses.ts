import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import {
  EVENT_HEADER,
  END_HEADER,
  GAP_HEADER,
  HEARTBEAT_HEADER,
  IDEMPOTENCY_KEY,
  MORE_HEADER,
} from '../../wire/constants.ts'
import type { MessageId } from '../channels/message-id.ts'

/** Sends one line of text. */
export function sendText(
  response: ServerResponse,
  status: number,
  message: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const body = `${message}\n`
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  })
  response.end(body)
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

/** Returns the two headers of a cursor (PROTOCOL.md section 1). */
export const cursorHead = ({ seconds, counter, epoch }: MessageId): OutgoingHttpHeaders => ({
  'Last-Modified': new Date(seconds * 1_000).toUTCString(),
  Etag: `${counter}.${epoch}`,
})

/** Returns the headers of every response. `heartbeat` is in ms. */
export const commonHead = (heartbeat: number): OutgoingHttpHeaders => ({
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // A page of another origin cannot embed a message as an image or a script.
  'Cross-Origin-Resource-Policy': 'same-origin',
  // A message may be HTML. If it is opened as a page, its scripts must not run with this origin.
  'Content-Security-Policy': "default-src 'none'; sandbox",
  [HEARTBEAT_HEADER]: heartbeat / 1_000,
})

/** Returns the CORS headers for a page of an allowed origin. */
export const crossOriginHead = ({
  origin,
  credentials,
}: {
  origin: string
  credentials: boolean
}): OutgoingHttpHeaders => ({
  'Access-Control-Allow-Origin': origin,
  ...(credentials && { 'Access-Control-Allow-Credentials': 'true' }),
  'Access-Control-Expose-Headers': [
    'Last-Modified',
    'Etag',
    'Content-Type',
    'Retry-After',
    HEARTBEAT_HEADER,
    GAP_HEADER,
    END_HEADER,
    MORE_HEADER,
    EVENT_HEADER,
  ].join(', '),
})

export const PREFLIGHT_HEAD: OutgoingHttpHeaders = {
  'Access-Control-Allow-Methods': 'GET, POST, DELETE',
  'Access-Control-Allow-Headers': `Accept, Authorization, Cache-Control, Content-Type, ${IDEMPOTENCY_KEY}, If-Modified-Since, If-None-Match, Last-Event-ID, ${EVENT_HEADER}`,
  'Access-Control-Max-Age': '600',
}
