import { defer } from 'rxjs'
import { selectPart } from '../backends/select-part.ts'
import { standardStream } from '../backends/standard.ts'
import { fetchText } from './fetch-text.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import type { Technique } from './technique.ts'
import { readTextStream } from './text-stream-reader.ts'
import { recordOptions } from '../internal/equal-options.ts'

/**
 * One answer that does not end, read by fetch as it comes: parts of a multipart answer (Nchan, the hub), or lines
 * (NDJSON) from any server; events, where the answer is an event stream.
 *
 * Price: a connection for each channel; HTTP/1.1 allows six a host. A proxy that buffers delays it. Many messages in
 * one chunk cost little more than one, so it is the fastest of the streams.
 *
 * @see https://fetch.spec.whatwg.org/, RFC 2046 section 5.1
 * @example createPushClient({ technique: fetchStream(), backend: nchan() })
 */
export function fetchStream(): Technique {
  const technique = 'fetchStream'
  return recordOptions(fetchStream, [], {
    name: technique,
    isSupported: () => typeof fetch === 'function',
    connect(asked) {
      const { backend, credentials, ...target } = asked
      const answer = defer(() => {
        const stream = selectPart(backend, 'stream', standardStream)
        return fetchText({
          technique,
          address: stream.buildRequest(target),
          accept: stream.accept,
          credentials,
          scheduler: target.scheduler,
          verdict: stream.verdict,
          fits: stream.fits,
          backend,
          read: (head, emit) => readTextStream(backend, head, emit, target),
        })
      })
      return withConnectionSlot(asked, technique, answer)
    },
  })
}
