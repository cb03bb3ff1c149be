import type { IncomingMessage } from 'node:http'
import { accepts } from '../../wire/media-type.ts'
import { FRAME, WAIT } from '../../wire/constants.ts'

/** How a GET asks to be answered. */
export type Answer = 'forever-frame' | 'event-stream' | 'multipart' | 'interval-poll' | 'state' | 'long-poll'

/** What a GET asks for: the first row of PROTOCOL.md section 2 that fits. */
export function answerAskedFor(request: IncomingMessage, query: URLSearchParams): Answer {
  if (query.has(FRAME)) return 'forever-frame'
  if (accepts(request.headers.accept, 'text/event-stream')) return 'event-stream'
  if (query.get(WAIT) === '0') return 'interval-poll'
  if (accepts(request.headers.accept, 'multipart/mixed')) return 'multipart'
  return wantsJson(request) ? 'state' : 'long-poll'
}

/** Whether the answer should be JSON: only where it is asked for by name. */
export const wantsJson = ({ headers: { accept } }: IncomingMessage): boolean =>
  accepts(accept, 'text/json', 'application/json')
