import { EMPTY, throwError, type Observable, type SchedulerLike } from 'rxjs'
import { mediaType } from '../../wire/media-type.ts'
import type { BackendRequest, ResponseHead, Backend, Emit } from '../backends/backend.ts'
import { otherServer } from '../backends/recognize-server.ts'
import type { Verdict } from '../backends/verdict.ts'
import { PushError } from '../errors.ts'
import type { SourceEvent } from '../events.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { greets } from './text-stream-reader.ts'
import { readBody, refusal, request, unexpected } from '../http/request.ts'

export interface FetchTextOptions {
  technique: string
  address: BackendRequest
  /** Media types to ask for. */
  accept: string
  credentials: RequestCredentials
  scheduler: SchedulerLike
  verdict: (head: ResponseHead) => Verdict
  /** Whether an answer of this media type can be read. */
  fits?: (type: string) => boolean
  backend: Backend | undefined
  /** Reads the text as it comes. */
  read: (head: ResponseHead, emit: Emit) => (text: string) => void
}

/** One answer that does not end, read by fetch as text. */
export function fetchText({
  technique,
  address: { url, headers, namespace, resume, ownCursors, assumed },
  accept,
  credentials,
  scheduler,
  verdict: judge,
  fits = () => true,
  backend,
  read,
}: FetchTextOptions): Observable<SourceEvent> {
  return request({ url, headers: { Accept: accept, ...headers }, credentials }, (response) => {
    const verdict = judge(response)
    if (verdict === 'end') return EMPTY
    if (verdict !== 'accept') return refusal(response, verdict, { scheduler })
    if (!fits(mediaType(response.headers.get('content-type')))) return unexpected(response, accept, url)
    const other = otherServer(backend, response.headers, url)
    if (other) return throwError(() => other)
    return readBody(response, (emit) => {
      const resumed = resume === 'yes'
      emit({
        type: 'open',
        technique,
        namespace,
        resumed,
        ownCursors,
        assumed,
        expectsGreeting: greets(backend, response),
      })
      const utf8 = new TextDecoder()
      const feed = read(response, emit)
      return {
        feed: (chunk) => feed(utf8.decode(chunk, { stream: true })),
        end() {
          throw new PushError('connection-lost', `${redactUrl(url)}: the stream ended`, { technique })
        },
      }
    })
  })
}
