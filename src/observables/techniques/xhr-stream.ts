import { Observable } from 'rxjs'
import { mediaType } from '../../wire/media-type.ts'
import { checkRequest } from '../http/check-request.ts'
import { checkNumbers } from '../internal/check-options.ts'
import { END, type Emit } from '../backends/backend.ts'
import { otherServer } from '../backends/recognize-server.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardStream } from '../backends/standard.ts'
import { PushError, fault, type PushErrorCode } from '../errors.ts'
import { ALIVE, RECYCLE, type SourceEvent } from '../events.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { withQuery } from '../http/query.ts'
import { LONGEST_LINE, REFUSAL_BODY_WITHIN, byName, refusal, unexpected } from '../http/request.ts'
import type { PushRequest, Technique } from './technique.ts'
import { greets, readTextStream } from './text-stream-reader.ts'
import { runAfter } from '../internal/time.ts'
import { recordOptions } from '../internal/equal-options.ts'

const NAME = 'xhrStream'

export interface XhrStreamOptions {
  /**
   * XMLHttpRequest keeps all that it received: after so many characters the connection is made anew, at a message that
   * carried a cursor, unseen by readers. @default 8_388_608 (8 Mi)
   */
  maxBufferedChars?: number
}

/**
 * One answer that does not end, read by XMLHttpRequest as it grows: what streamed before there was fetch.
 *
 * Price: as `fetchStream`, and memory, so it is recycled. Chromium hands `text/plain` over only at its end unless the
 * server sends `X-Content-Type-Options: nosniff`. Browsers tell of what came every 50 ms at most, and drop what they did not
 * tell of when the line breaks: it is asked for again. It cannot pass the browser's cache by but by a URL of its own, so each
 * attempt adds `_=<something else>` to the query.
 *
 * @throws PushError `invalid-option` where `maxBufferedChars` is below one.
 * @see https://xhr.spec.whatwg.org/
 * @example createPushClient({ technique: xhrStream(), backend: nchan() })
 */
export function xhrStream({ maxBufferedChars = 8_388_608 }: XhrStreamOptions = {}): Technique {
  checkNumbers('xhrStream', { maxBufferedChars }, 1)
  let attempts = 0
  return recordOptions(xhrStream, [maxBufferedChars], {
    name: NAME,
    isSupported: () => typeof XMLHttpRequest === 'function',
    connect: (request) =>
      withConnectionSlot(
        request,
        NAME,
        connect(request, maxBufferedChars, `${request.scheduler.now().toString(36)}-${(attempts += 1)}`),
      ),
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
    const xhr = new XMLHttpRequest()
    let feed: ((text: string) => void) | undefined
    let seen = 0
    let placed = false

    const fail = (code: PushErrorCode, said: string) =>
      subscriber.error(new PushError(code, `${redactUrl(url)}: ${said}`, { technique: NAME }))
    const emit: Emit = (event) => {
      if (event === END) return subscriber.complete()
      if (event.type === 'message') placed = !!event.cursor
      subscriber.next(event)
    }
    const head = () => ({ status: xhr.status, headers: headersOf(xhr) })

    const begin = () => {
      const { status, headers: seenHeaders } = head()
      if (stream.verdict({ status, headers: seenHeaders }) !== 'accept')
        return subscriber.add(runAfter(REFUSAL_BODY_WITHIN, target.scheduler, end))
      if (!stream.fits(mediaType(seenHeaders.get('content-type'))))
        return subscriber.add(unexpected(head(), stream.accept, url).subscribe(subscriber))
      const other = otherServer(backend, seenHeaders, url)
      if (other) return subscriber.error(other)
      emit({
        type: 'open',
        technique: NAME,
        namespace,
        resumed: resume === 'yes',
        assumed,
        expectsGreeting: greets(backend, head()),
      })
      feed = readTextStream(backend, head(), emit, target)
    }
    const grow = () => {
      const text = xhr.responseText
      subscriber.next(ALIVE)
      // Of a refusal a line is shown, and it may have no end.
      if (!feed && text.length > LONGEST_LINE) return end()
      try {
        feed?.(text.slice(seen))
      } catch (cause) {
        return subscriber.error(fault(cause, 'unexpected-response', `${redactUrl(url)} cannot be read`))
      }
      seen = text.length
      if (feed && placed && seen > maxBufferedChars) subscriber.error(RECYCLE)
    }
    const end = () => {
      if (feed) return fail('connection-lost', 'the stream ended')
      const verdict = stream.verdict(head())
      if (verdict === 'end') return subscriber.complete()
      const answer = new Response(xhr.responseText, { status: xhr.status, headers: headersOf(xhr) })
      subscriber.add(refusal(answer, verdict === 'accept' ? 'again' : verdict, { url }).subscribe(subscriber))
    }

    const sent = byName({ Accept: stream.accept, ...headers })
    checkRequest(url, { headers: sent })
    // A browser's cache would answer a 404 or a 410 again and again, and XMLHttpRequest has no word against it.
    xhr.open('GET', withQuery(url, { _: nonce }))
    xhr.withCredentials = credentials === 'include'
    for (const [name, value] of Object.entries(sent)) xhr.setRequestHeader(name, value)
    xhr.onreadystatechange = () => {
      if (xhr.readyState === XMLHttpRequest.HEADERS_RECEIVED) begin()
      else if (xhr.readyState === XMLHttpRequest.LOADING) grow()
    }
    xhr.onload = () => {
      grow()
      if (!subscriber.closed) end()
    }
    xhr.onerror = () => fail(feed ? 'connection-lost' : 'network-error', 'XMLHttpRequest failed and hides why')
    xhr.send()
    return () => {
      xhr.onreadystatechange = xhr.onload = xhr.onerror = null
      xhr.abort()
    }
  })

/** The head of an answer; a name that occurs twice was joined by the host. */
function headersOf(xhr: XMLHttpRequest): Headers {
  const headers = new Headers()
  for (const line of xhr.getAllResponseHeaders().split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return headers
}
