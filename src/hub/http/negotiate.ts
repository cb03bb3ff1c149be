import type { IncomingMessage } from 'node:http'
import { accepts } from '../../wire/media-type.ts'
import { FRAME, WAIT } from '../../wire/constants.ts'

/** The techniques of GET requests, by the client's names; `stream` is both `fetchStream()` and `xhrStream()`. */
export type HttpTechnique = 'iframeStream' | 'sse' | 'polling' | 'stream' | 'longPolling'

/** Selects the response to a GET: the first row of PROTOCOL.md section 2 that fits. */
export function negotiate(request: IncomingMessage, query: URLSearchParams): HttpTechnique | 'state' {
  if (query.has(FRAME)) return 'iframeStream'
  if (accepts(request.headers.accept, 'text/event-stream')) return 'sse'
  if (query.get(WAIT) === '0') return 'polling'
  if (accepts(request.headers.accept, 'multipart/mixed')) return 'stream'
  return wantsJson(request) ? 'state' : 'longPolling'
}

/** Whether the response should be JSON: only if the request accepts it by name. */
export const wantsJson = ({ headers: { accept } }: IncomingMessage): boolean =>
  accepts(accept, 'text/json', 'application/json')
