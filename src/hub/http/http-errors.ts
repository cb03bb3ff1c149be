import { STATUS_CODES, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { END_HEADER, GAP_HEADER } from '../../wire/constants.ts'
import { sendText } from './responses.ts'
import { sendFrameError, type Parent } from '../encoders/forever-frame.ts'
import { HubError } from '../errors.ts'
import type { Report } from '../report.ts'
import { oneLine } from '../sanitize.ts'

/** Why the hub refuses something, as an HTTP response. Connections without HTTP send its message. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly headers?: OutgoingHttpHeaders
}

/** A message that was published. */
export interface Published {
  /** How many subscribers received it. */
  readonly subscribers: number
  /** The reply of the application, as JSON. */
  readonly reply?: string | undefined
}

/** The outcome of a message. Only a refusal has a status. */
export type Outcome = Refusal | Published

/** Tries to publish a message. It neither throws nor rejects. */
export type Attempt = () => Outcome | Promise<Outcome>

export const CLOSED: Refusal = { status: 503, message: 'Hub closed. Reconnect later.', headers: { 'Retry-After': 1 } }
export const NO_ROOM: Refusal = {
  status: 503,
  message: 'Message not published: the hub is receiving too many messages. Send it again later.',
  headers: { 'Retry-After': 1 },
}
/** A failure of the application or of the hub, which the client did not cause. */
export const FAILED: Refusal = { status: 500, message: 'Internal error. The log of the server has the cause.' }
/** The server's operator did not install a package. Only the log names it. */
const NOT_INSTALLED: Refusal = { status: 501, message: 'Not implemented. The log of the server has the cause.' }
export const NOT_FOUND: Refusal = { status: 404, message: 'Channel not found.' }
export const ENDED: Refusal = { status: 410, message: 'Channel ended.', headers: { [END_HEADER]: '1' } }
/** For a client that did not receive every message before the end. */
export const ENDED_AFTER_GAP: Refusal = { ...ENDED, headers: { ...ENDED.headers, [GAP_HEADER]: 'history-expired' } }

/** Sends a refusal: as text, or as a page that posts it to the parent of a forever frame. */
export function sendRefusal(
  response: ServerResponse,
  { status, message, headers = {} }: Refusal,
  parent?: Parent,
): void {
  // A response that has started can only be aborted.
  if (response.headersSent) response.destroy()
  else if (parent) sendFrameError(response, parent, status, oneLine(message), headers)
  else sendText(response, status, oneLine(message), headers)
}

/** Refuses an upgrade. */
export function refuseUpgrade(socket: Duplex, { status, message, headers = {} }: Refusal): void {
  const body = `${oneLine(message)}\n`
  const head = {
    ...headers,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  }
  const lines = Object.entries(head).flatMap(([name, value]) =>
    [value ?? []].flat().map((single) => `${name}: ${String(single)}\r\n`),
  )
  // A client that never closes its side would keep the connection open.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}

/** Returns the refusal of an error of a call. Any other error is a failure of the hub, and is logged. */
export function refusalOf(error: unknown, report: Report): Refusal {
  if (!(error instanceof HubError)) {
    report('A request failed', error)
    return FAILED
  }
  const { code, message } = error
  if (code === 'closed') return CLOSED
  if (code === 'missing-package') {
    report(message)
    return NOT_INSTALLED
  }
  if (code === 'too-many-channels') return { status: 503, message, headers: { 'Retry-After': 5 } }
  return { status: code === 'too-large' ? 413 : 400, message }
}
