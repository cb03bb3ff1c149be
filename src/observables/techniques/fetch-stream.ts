import { defer } from 'rxjs'
import { selectPart } from '../backends/select-part.ts'
import { standardStream } from '../backends/standard/streams.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { fetchText } from './fetch-text.ts'
import { streamRequest, type StreamRequestOptions } from './stream-request.ts'
import type { Technique } from './technique.ts'
import { readTextStream } from './text-stream-reader.ts'

const NAME = 'fetchStream'

/**
 * Receives one response that does not end, read by fetch as it arrives.
 *
 * The content type decides how the server separates messages: an event stream (`text/event-stream`), parts of
 * `multipart/mixed` (Nchan, the hub), or lines (NDJSON) with `standard()`. Lines have no cursor.
 *
 * Each channel keeps one connection, and over HTTP/1.1 a browser opens six per origin. A proxy that buffers responses
 * delays messages. Many messages in one chunk cost little more than one, so it is the fastest stream.
 *
 * Errors with `connection-lost` at the end of the stream, `unexpected-response` for another content type, and
 * `connection-limit` if too few connections to the origin would be left.
 *
 * With a `method` such as POST it sends one request, and ends with the response, as `sse()` does.
 *
 * @throws PushError `invalid-option` if a request by GET has a `body`, or if `end` or `connectTimeout` has another type.
 * @see https://fetch.spec.whatwg.org/, RFC 2046 section 5.1
 * @example createPushClient({ technique: fetchStream(), backend: nchan() })
 */
export function fetchStream(options: StreamRequestOptions = {}): Technique {
  const sent = streamRequest(NAME, options)
  return recordOptions(fetchStream, sent.parts, {
    ...sent.technique,
    name: NAME,
    isSupported: () => typeof fetch === 'function',
    sendsHeaders: true,
    connect(request) {
      const { backend, credentials, ...target } = request
      const stream$ = defer(() => {
        const stream = selectPart(backend, 'stream', standardStream)
        return fetchText({
          technique: NAME,
          address: stream.buildRequest(target),
          sent,
          accept: stream.accept,
          credentials,
          scheduler: target.scheduler,
          verdict: stream.verdict,
          fits: stream.fits,
          backend,
          read: (head, emit) => readTextStream(backend, head, emit, target),
        })
      })
      return withConnectionSlot(request, NAME, stream$)
    },
  })
}
