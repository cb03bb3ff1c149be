import { Observable } from 'rxjs'
import { mediaType } from '../../wire/media-type.ts'
import { END, type Emit } from '../backends/backend.ts'
import { emitTo } from '../backends/emit-to.ts'
import { otherServer } from '../backends/recognize-server.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardStream } from '../backends/standard/streams.ts'
import { PushError, fault, type PushErrorCode } from '../errors.ts'
import { ALIVE, RECYCLE, type SourceEvent } from '../events.ts'
import { checkRequest } from '../http/check-request.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import { ERROR_BODY_TIMEOUT, MAX_ERROR_LENGTH, rejectedResponse, unexpectedResponse } from '../http/http-error.ts'
import { withQuery } from '../http/query.ts'
import { byName } from '../http/request.ts'
import { checkNumbers } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { runAfter } from '../internal/time.ts'
import type { PushRequest, Technique } from './technique.ts'
import { expectsGreeting, readTextStream } from './text-stream-reader.ts'

const NAME = 'xhrStream'

export interface XhrStreamOptions {
  /**
   * The length of a response at which the technique reconnects, in characters, because XMLHttpRequest keeps the whole response
   * in memory. It reconnects after a message with a cursor, without an event to readers. @default 8_388_608 (8 Mi)
   */
  maxBufferedChars?: number
}

/**
 * Receives one response that does not end, read by XMLHttpRequest as it grows, for browsers whose fetch cannot stream.
 *
 * The server responds as for `fetchStream`. For `text/plain` it also sends `X-Content-Type-Options: nosniff`, without
 * which Chromium delivers the body only at its end. Each attempt adds a unique `_` parameter to the query, because
 * XMLHttpRequest cannot bypass the browser's cache otherwise.
 *
 * Costs are those of `fetchStream`, and memory up to `maxBufferedChars`. Browsers report data every 50 ms at most. When a
 * connection is lost they drop unreported data, and the client resumes before it.
 *
 * Errors as `fetchStream` does; `network-error` and `connection-lost` do not name the cause, which the browser hides.
 *
 * @throws PushError `invalid-option` if `maxBufferedChars` is below one.
 * @see https://xhr.spec.whatwg.org/
 * @example createPushClient({ technique: xhrStream(), backend: nchan() })
 */
export function xhrStream({ maxBufferedChars = 8_388_608 }: XhrStreamOptions = {}): Technique {
  checkNumbers('xhrStream', { maxBufferedChars }, 1)
  let attempts = 0
  const nonce = (now: number) => `${now.toString(36)}-${(attempts += 1)}`
  return recordOptions(xhrStream, [maxBufferedChars], {
    name: NAME,
    isSupported: () => typeof XMLHttpRequest === 'function',
    sendsHeaders: true,
    connect: (request) =>
      withConnectionSlot(request, NAME, connect(request, maxBufferedChars, nonce(request.scheduler.now()))),
  })
}

const connect = (
  { backend, credentials, ...target }: PushRequest,
  maxBufferedChars: number,
  nonce: string,
): Observable<SourceEvent> =>
  new Observable((subscriber) => {
    const stream = selectPart(backend, 'stream', standardStream)
    const { url, headers, namespace, resume, assumed } = stream.buildRequest(target)
    const sent = byName({ Accept: stream.accept, ...headers })
    checkRequest(url, { headers: sent })
    const xhr = new XMLHttpRequest()
    let feed: ((text: string) => void) | undefined
    let readTo = 0
    let hasCursor = false

    const fail = (code: PushErrorCode, message: string | false) =>
      subscriber.error(new PushError(code, message, { technique: NAME }))
    const forward = emitTo(subscriber)
    const emit: Emit = (event) => {
      if (event !== END && event.type === 'message') hasCursor = !!event.cursor
      forward(event)
    }

    const open = () => {
      const head = headOf(xhr)
      if (stream.verdict(head) !== 'accept') return subscriber.add(runAfter(ERROR_BODY_TIMEOUT, target.scheduler, end))
      if (!stream.fits(mediaType(head.headers.get('content-type'))))
        return subscriber.add(unexpectedResponse(head, stream.accept, url).subscribe(subscriber))
      const other = otherServer(backend, head.headers, url)
      if (other) return subscriber.error(other)
      emit({
        type: 'open',
        technique: NAME,
        namespace,
        resumed: resume === 'yes',
        assumed,
        expectsGreeting: expectsGreeting(backend, head),
      })
      feed = readTextStream(backend, head, emit, target)
    }
    const read = () => {
      const text = xhr.responseText
      subscriber.next(ALIVE)
      // The body of a rejection may be endless, and its first line is enough.
      if (!feed && text.length > MAX_ERROR_LENGTH) return end()
      try {
        feed?.(text.slice(readTo))
      } catch (cause) {
        const message =
          DEV && `Response from "${redactUrl(url)}" not read. Check that \`backend\` names the kind of server.`
        return subscriber.error(fault(cause, 'unexpected-response', message))
      }
      readTo = text.length
      if (feed && hasCursor && readTo > maxBufferedChars) subscriber.error(RECYCLE)
    }
    const end = () => {
      if (feed) return fail('connection-lost', DEV && `The server ended the stream "${redactUrl(url)}".`)
      const head = headOf(xhr)
      const response = new Response(xhr.responseText || null, head)
      subscriber.add(rejectedResponse(response, stream.verdict(head), { url }).subscribe(subscriber))
    }

    // The browser's cache would repeat a 404 or a 410, and XMLHttpRequest has no `cache` option.
    xhr.open('GET', withQuery(url, { _: nonce }))
    xhr.withCredentials = credentials === 'include'
    for (const [name, value] of Object.entries(sent)) xhr.setRequestHeader(name, value)
    xhr.onreadystatechange = () => {
      if (xhr.readyState === XMLHttpRequest.HEADERS_RECEIVED) open()
      else if (xhr.readyState === XMLHttpRequest.LOADING) read()
    }
    xhr.onload = () => {
      read()
      if (!subscriber.closed) end()
    }
    xhr.onerror = () =>
      fail(
        feed ? 'connection-lost' : 'network-error',
        DEV && `Request to "${redactUrl(url)}" failed: the browser hides the cause. Check the server and CORS.`,
      )
    xhr.send()
    return () => {
      xhr.onreadystatechange = xhr.onload = xhr.onerror = null
      xhr.abort()
    }
  })

/** Returns the head of a response. The host joins the values of a repeated name. */
function headOf(xhr: XMLHttpRequest) {
  const headers = new Headers()
  for (const line of xhr.getAllResponseHeaders().split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return { status: xhr.status, headers }
}
