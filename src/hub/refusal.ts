import { STATUS_CODES, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { END_HEADER } from '../protocol.ts'
import { answerText } from './answer.ts'
import { answerFrameError, type Parent } from './forever-frame.ts'
import { HubError } from './hub-error.ts'

/** No, and why, in one line. */
export interface Refusal {
  readonly status: number
  readonly line: string
  readonly headers?: OutgoingHttpHeaders
}

export const CLOSED: Refusal = { status: 503, line: 'the hub is closed', headers: { 'Retry-After': 1 } }
export const ENDED: Refusal = { status: 410, line: 'the channel has ended', headers: { [END_HEADER]: '1' } }

/** Says no: as text, or to the parent of a frame, which sees no status. */
export function refuse(response: ServerResponse, { status, line, headers = {} }: Refusal, parent?: Parent): void {
  if (parent) answerFrameError(response, parent, status, line, headers)
  else answerText(response, status, line, headers)
}

/** Says no to an upgrade. */
export function refuseUpgrade(socket: Duplex, { status, line, headers = {} }: Refusal): void {
  const body = `${line}\n`
  const head = {
    ...headers,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  }
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${String(value)}\r\n`)
  socket.on('error', () => {})
  // A refused peer that never closes its side would keep the connection.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}

/** What a caller did wrong, as an answer; anything else is the hub's own fault and thrown on. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof HubError)) throw error
  if (error.code === 'too-many-channels') return { status: 503, line: error.message, headers: { 'Retry-After': 5 } }
  return { status: error.code === 'too-large' ? 413 : 400, line: error.message }
}
