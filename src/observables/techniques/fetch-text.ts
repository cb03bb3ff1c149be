import { throwError, type Observable, type SchedulerLike } from 'rxjs'
import { mediaType } from '../../wire/media-type.ts'
import { END, type BackendRequest, type ResponseHead, type Backend, type Emit } from '../backends/backend.ts'
import { otherServer } from '../backends/recognize-server.ts'
import type { Verdict } from '../backends/verdict.ts'
import { PushError } from '../errors.ts'
import type { SourceEvent } from '../events.ts'
import { rejectedResponse, unexpectedResponse } from '../http/http-error.ts'
import { readBody } from '../http/read-body.ts'
import { request } from '../http/request.ts'
import { DEV } from '../internal/dev.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { streamRequest, type StreamRequest } from './stream-request.ts'
import { expectsGreeting, isEventStream } from './text-stream-reader.ts'

export interface FetchTextOptions {
  technique: string
  address: BackendRequest
  /** The request's method and body, and how the stream ends, from `streamRequest`. @default a GET without an end */
  sent?: StreamRequest
  /** The media types to request. */
  accept: string
  credentials: RequestCredentials
  scheduler: SchedulerLike
  verdict: (head: ResponseHead) => Verdict
  /** Whether a response of this media type can be read. */
  fits: (type: string) => boolean
  backend: Backend | undefined
  /** Returns the function that reads the body's text as it arrives. */
  read: (head: ResponseHead, emit: Emit) => (text: string) => void
}

const GET = /* @__PURE__ */ streamRequest('fetchText', {})

/**
 * Opens one streaming response by fetch, and reads its body as text. Errors with `connection-lost` at its end, unless that is
 * the end of the stream.
 */
export function fetchText({
  technique,
  address: { url, headers, namespace, resume, ownCursors, assumed },
  sent = GET,
  accept,
  credentials,
  scheduler,
  verdict: judge,
  fits,
  backend,
  read,
}: FetchTextOptions): Observable<SourceEvent> {
  const { headers: own, ...init } = sent.init()
  return request({ ...init, url, headers: { Accept: accept, ...own, ...headers }, credentials }, (response) => {
    const verdict = judge(response)
    if (verdict !== 'accept') return rejectedResponse(response, verdict, { scheduler })
    if (!fits(mediaType(response.headers.get('content-type')))) return unexpectedResponse(response, accept, url)
    const other = otherServer(backend, response.headers, url)
    if (other) return throwError(() => other)
    return readBody(response, (emit) => {
      emit({
        type: 'open',
        technique,
        namespace,
        resumed: resume === 'yes',
        ownCursors,
        assumed,
        expectsGreeting: expectsGreeting(backend, response),
      })
      const utf8 = new TextDecoder()
      let isEmpty = response.headers.get('content-length') !== '0' && response.body !== null
      let isOver = false
      /** The message that the response ended in. */
      let unfinished: SourceEvent | undefined
      const feed = read(
        response,
        sent.until((event) => {
          if (isOver && event !== END && event.type === 'message') return void (unfinished = event)
          if (event === END && unfinished) emit(unfinished)
          emit(event)
        }),
      )
      return {
        feed(chunk) {
          isEmpty = false
          feed(utf8.decode(chunk, { stream: true }))
        },
        end() {
          isOver = true
          // It may be the last message. Otherwise a line is complete without its end, and an event is not.
          if (sent.ends) feed(`${utf8.decode()}\n\n`)
          if (sent.endsWithResponse && !isEmpty && !(unfinished && isEventStream(response))) {
            if (unfinished) emit(unfinished)
            return
          }
          throw new PushError('connection-lost', DEV && `The server ended the stream "${redactUrl(url)}".`, {
            technique,
          })
        },
      }
    })
  })
}
