import { Observable } from 'rxjs'
import { FRAME, FRAME_PARENT } from '../../wire/constants.ts'
import { END } from '../backends/backend.ts'
import { emitTo } from '../backends/emit-to.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardFrame } from '../backends/standard/frames.ts'
import { readFrame } from '../backends/unreadable-message.ts'
import { PushError } from '../errors.ts'
import { RECYCLE, type SourceEvent } from '../events.ts'
import { checkNoHeaders } from '../http/check-request.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import { rejectedResponse } from '../http/http-error.ts'
import { withQuery } from '../http/query.ts'
import { checkNumbers } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { runAfter } from '../internal/time.ts'
import type { PushRequest, Technique } from './technique.ts'

const NAME = 'iframeStream'

/** How long after `load` the last messages of a frame may arrive, in ms. */
const LOAD_GRACE = 20

export interface IframeStreamOptions {
  /**
   * The number of characters after which a new frame replaces the old one, because a document stays in memory as a whole. It
   * is replaced after a message with a cursor, without an event to readers. @default 8_388_608 (8 Mi)
   */
  maxBufferedChars?: number
}

/**
 * Receives messages from a hidden iframe whose document does not end (forever frame), for browsers without a streaming
 * XMLHttpRequest.
 *
 * The client adds a random `frame` and its own origin as `frame_parent` to the query. The page that the server sends calls
 * `parent.postMessage({ push: frame, frame: text }, frame_parent)` for each message. In place of an error page it posts
 * `{ push: frame, status, headers, body }`. Messages from another window, origin or `frame` are ignored.
 *
 * Each channel keeps one connection and a document, and some browsers show the tab as loading. The frame is inserted after
 * the page's `load` event, which it would delay forever. No headers are sent, and a browser hides why a frame is blocked
 * (`X-Frame-Options`, CSP `frame-src` or `frame-ancestors`).
 *
 * Errors with `network-error` if the frame ends or is blocked before its first message, `connection-lost` if it ends later,
 * and `headers-unsupported` if `prepareRequest` returns headers.
 *
 * @throws PushError `invalid-option` if `maxBufferedChars` is below one.
 * @see https://html.spec.whatwg.org/multipage/web-messaging.html
 * @example createPushClient({ technique: iframeStream(), backend: nchan() })
 */
export function iframeStream({ maxBufferedChars = 8_388_608 }: IframeStreamOptions = {}): Technique {
  checkNumbers('iframeStream', { maxBufferedChars }, 1)
  return recordOptions(iframeStream, [maxBufferedChars], {
    name: NAME,
    isSupported: () => typeof document === 'object' && typeof HTMLIFrameElement === 'function',
    connect: (request) => withConnectionSlot(request, NAME, connect(request, maxBufferedChars)),
  })
}

const connect = ({ backend, scheduler, ...target }: PushRequest, maxBufferedChars: number): Observable<SourceEvent> =>
  new Observable((subscriber) => {
    checkNoHeaders(target.headers, DEV && 'an iframe')
    const page = selectPart(backend, 'foreverFrame', standardFrame)
    const { url, namespace, resume } = page.buildRequest(target)
    const { origin } = new URL(url)
    const token = randomToken()
    const iframe = document.createElement('iframe')
    const emit = emitTo(subscriber)
    const frame = (text: string) => page.frame(text)
    let opened = false
    let responseEnded = false
    let received = 0

    const read = (text: string) => {
      const event = readFrame(frame, text)
      if (!opened) emit({ type: 'open', technique: NAME, namespace, resumed: resume === 'yes' })
      opened = true
      if (responseEnded) ended()
      received += text.length
      emit(event)
      if (received > maxBufferedChars && event !== END && event.type === 'message' && event.cursor)
        subscriber.error(RECYCLE)
    }
    const receive = ({ source, origin: from, data }: MessageEvent<unknown>) => {
      if (source !== iframe.contentWindow || from !== origin || !isPost(data) || data.push !== token) return
      try {
        if (typeof data.frame === 'string') read(data.frame)
        else if (isErrorStatus(data.status)) {
          const response = toResponse(data.status, data)
          subscriber.add(rejectedResponse(response, page.verdict(response), { url }).subscribe(subscriber))
        }
      } catch (cause) {
        subscriber.error(cause)
      }
    }
    // The document ended: the connection was lost, or the frame was rejected or blocked. A page cannot distinguish these.
    const end = () =>
      subscriber.error(
        opened
          ? new PushError('connection-lost', DEV && `The server ended the stream "${redactUrl(url)}".`, {
              technique: NAME,
            })
          : blocked(url),
      )
    const ended = () => void subscriber.add(runAfter(LOAD_GRACE, scheduler, end))
    // A document may be parsed long after it arrived, so before its first message only `load` ends it. Without that message
    // and `load`, as where Firefox received a part of a document, `connectTimeout` does.
    const timed = () => {
      responseEnded = true
      if (opened || isEmpty(iframe)) ended()
    }

    iframe.hidden = true
    iframe.src = withQuery(url, { [FRAME]: token, [FRAME_PARENT]: location.origin })
    iframe.onload = iframe.onerror = ended
    // Firefox fires `error` where a policy blocks the frame, and nothing where no server is reached. There the resource
    // timing reports the end.
    const timing = new PerformanceObserver((list) => list.getEntriesByName(iframe.src).forEach(timed))
    timing.observe({ type: 'resource' })
    const insert = () => document.body.append(iframe)
    addEventListener('message', receive)
    // A frame that does not end, inserted earlier, would delay the page's `load` event forever.
    if (document.readyState === 'complete') insert()
    else addEventListener('load', insert)
    return () => {
      removeEventListener('load', insert)
      removeEventListener('message', receive)
      timing.disconnect()
      iframe.onload = iframe.onerror = null
      iframe.remove()
    }
  })

/** Returns whether no byte of a document arrived, so that a frame still has the empty document that it was created with. */
const isEmpty = ({ contentDocument }: HTMLIFrameElement): boolean => contentDocument?.URL === 'about:blank'

const blocked = (url: string) =>
  new PushError(
    'network-error',
    DEV &&
      `Frame "${redactUrl(url)}" sent no message: the server is down, does not allow "${location.origin}" (the hub: \`allowedOrigins\`) or forbids frames (X-Frame-Options, frame-ancestors), or this page forbids them (CSP frame-src).`,
    { technique: NAME },
  )

/** What a page of a frame posts to its parent. */
interface Post {
  push?: unknown
  frame?: unknown
  status?: unknown
  headers?: unknown
  body?: unknown
}

const isPost = (data: unknown): data is Post => typeof data === 'object' && data !== null

const isErrorStatus = (status: unknown): status is number =>
  Number.isInteger(status) && Number(status) >= 400 && Number(status) < 600

/** Returns the response of an error page as fetch would have. */
function toResponse(status: number, { headers: posted, body }: Post): Response {
  const headers = new Headers()
  if (typeof posted === 'object')
    for (const [name, value] of Object.entries(posted ?? {})) headers.set(name, String(value))
  return new Response(String(body ?? ''), { status, headers })
}

/** Returns a token that no other window can guess. `crypto.randomUUID` exists in secure contexts only. */
const randomToken = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')
