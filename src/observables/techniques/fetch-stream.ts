import { defer } from 'rxjs'
import { part } from '../backends/select-part.ts'
import { plainStream } from '../backends/standard.ts'
import { fetchText } from './fetch-text.ts'
import { holding } from '../http/connection-limit.ts'
import type { Technique } from './technique.ts'
import { readTextStream } from './text-stream-reader.ts'
import { madeOf } from '../internal/equal-options.ts'

/**
 * One answer that does not end, read by fetch as it comes: parts of a multipart answer (Nchan, the hub), or lines
 * (NDJSON) from any server; events, where the answer is an event stream.
 *
 * Price: a connection for each channel; HTTP/1.1 allows six a host. A proxy that buffers delays it. Many messages in
 * one chunk cost little more than one, so it is the fastest of the streams.
 *
 * @see https://fetch.spec.whatwg.org/, RFC 2046 section 5.1
 * @example createPushClient({ via: fetchStream(), dialect: nchan() })
 */
export function fetchStream(): Technique {
  const technique = 'fetchStream'
  return madeOf(fetchStream, [], {
    name: technique,
    isSupported: () => typeof fetch === 'function',
    connect(asked) {
      const { dialect, credentials, ...target } = asked
      const answer = defer(() => {
        const stream = part(dialect, 'stream', plainStream)
        return fetchText({
          technique,
          address: stream.address(target),
          accept: stream.accept,
          credentials,
          scheduler: target.scheduler,
          verdict: stream.verdict,
          fits: stream.fits,
          dialect,
          read: (head, emit) => readTextStream(dialect, head, emit, target),
        })
      })
      return holding(asked, technique, answer)
    },
  })
}
