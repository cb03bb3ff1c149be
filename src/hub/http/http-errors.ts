import { STATUS_CODES, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { END_HEADER, GAP_HEADER } from '../../wire/constants.ts'
import { answerText } from './responses.ts'
import { answerFrameError, type Parent } from '../encoders/forever-frame.ts'
import { HubError } from '../errors.ts'
import type { Report } from '../report.ts'
import { closeReason, oneLine } from '../text.ts'

/** No, and why, in one line. */
export interface Refusal {
  readonly status: number
  readonly line: string
  readonly headers?: OutgoingHttpHeaders
}

export const CLOSED: Refusal = { status: 503, line: 'the hub is closed', headers: { 'Retry-After': 1 } }
export const NO_ROOM: Refusal = {
  status: 503,
  line: 'too many messages are being received: send it again later',
  headers: { 'Retry-After': 1 },
}
/** A fault of the application's or of the hub's own, not of who asked. */
export const FAILED: Refusal = { status: 500, line: 'internal error: the log of the server has the cause' }
/** A package that the operator of the server did not install. Only the log names it. */
const NOT_INSTALLED: Refusal = { status: 501, line: 'not implemented: the log of the server has the cause' }
export const ENDED: Refusal = { status: 410, line: 'the channel has ended', headers: { [END_HEADER]: '1' } }
/** To a client that was not sent everything before the end. */
export const ENDED_AFTER_GAP: Refusal = { ...ENDED, headers: { ...ENDED.headers, [GAP_HEADER]: 'history-expired' } }

/** Says no: as text, or to the parent of a frame, which sees no status. */
export function refuse(response: ServerResponse, { status, line, headers = {} }: Refusal, parent?: Parent): void {
  // What has begun cannot be taken back, only broken off.
  if (response.headersSent) response.destroy()
  else if (parent) answerFrameError(response, parent, status, oneLine(line), headers)
  else answerText(response, status, oneLine(line), headers)
}

/** Says no to an upgrade. */
export function refuseUpgrade(socket: Duplex, { status, line, headers = {} }: Refusal): void {
  const body = `${oneLine(line)}\n`
  const head = {
    ...headers,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  }
  const lines = Object.entries(head).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${String(one)}\r\n`),
  )
  // A refused peer that never closes its side would keep the connection.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}

/** Says no over a WebSocket: the code and the reason of its close frame (PROTOCOL.md section 5). */
export function closeOf({ status, line, headers }: Refusal): [code: number, reason: string] {
  const code = headers?.['Retry-After'] ? TRY_AGAIN_LATER : status < 500 ? POLICY_VIOLATION : INTERNAL_ERROR
  return [code, closeReason(line)]
}

const POLICY_VIOLATION = 1008
const INTERNAL_ERROR = 1011
const TRY_AGAIN_LATER = 1013

/** The answer to what a caller did wrong. Any other error is the hub's own fault, and is logged. */
export function refusalOf(error: unknown, report: Report): Refusal {
  if (!(error instanceof HubError)) {
    report('a request failed', error)
    return FAILED
  }
  if (error.code === 'closed') return CLOSED
  if (error.code === 'missing-package') {
    report(error.message)
    return NOT_INSTALLED
  }
  if (error.code === 'too-many-channels') return { status: 503, line: error.message, headers: { 'Retry-After': 5 } }
  return { status: error.code === 'too-large' ? 413 : 400, line: error.message }
}
