import { Observable } from 'rxjs'
import { FRAME, FRAME_PARENT } from '../../wire/constants.ts'
import { checkNumbers } from '../internal/check-options.ts'
import { END, type Emit } from '../backends/backend.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardFrame } from '../backends/standard.ts'
import { PushError, type PushErrorCode } from '../errors.ts'
import { RECYCLE, type SourceEvent } from '../events.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { withQuery } from '../http/query.ts'
import { refusal } from '../http/request.ts'
import type { PushRequest, Technique } from './technique.ts'
import { readFrame } from '../backends/unreadable-message.ts'
import { runAfter } from '../internal/time.ts'
import { recordOptions } from '../internal/equal-options.ts'

const NAME = 'iframeStream'

/** What the frame said last may come after its `load`, in ms. */
const GRACE = 20

export interface IframeStreamOptions {
  /**
   * A document keeps what it received: after so many characters there is a new frame, from a message that carried a
   * cursor, unseen by readers. @default 8_388_608 (8 Mi)
   */
  maxBufferedChars?: number
}

/**
 * The forever frame: a hidden iframe whose document never ends, and posts to its parent what comes. What streamed
 * before XMLHttpRequest could.
 *
 * The server's page posts `{ push: word, frame: text }` for each message, or `{ push: word, status, headers, body }` in
 * place of an error page; it is told the word by the query parameter `frame` and the parent's origin by `frame_parent`.
 * Posts of another window, origin or word are passed by.
 *
 * Price: as `xhrStream`, and a document: memory, so it is recycled, and in some browsers a tab that looks as if it were
 * loading. It waits for the page's `load`, which a frame inserted earlier would hold up for ever. It sends no header,
 * and what blocks a frame (`X-Frame-Options`, CSP `frame-src` or `frame-ancestors`) is hidden from the page.
 *
 * @throws PushError `invalid-option` where `maxBufferedChars` is below one.
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
    const fail = (code: PushErrorCode, said: string) =>
      subscriber.error(new PushError(code, `${redactUrl(target.url)}: ${said}`, { technique: NAME }))
    const [header] = Object.keys(target.headers)
    if (header !== undefined)
      return fail('headers-unsupported', `an iframe cannot send the header ${header}: put the value into the query`)

    const page = selectPart(backend, 'foreverFrame', standardFrame)
    const { url, namespace, resume } = page.buildRequest(target)
    const { origin } = new URL(url)
    const word = draw()
    const frame = document.createElement('iframe')
    let opened = false
    let length = 0

    const emit: Emit = (event) => {
      if (event === END) return subscriber.complete()
      subscriber.next(event)
      if (length > maxBufferedChars && event.type === 'message' && event.cursor) subscriber.error(RECYCLE)
    }
    const readText = (text: string) => page.frame(text)
    const read = (text: string) => {
      const event = readFrame(readText, text)
      if (!opened) emit({ type: 'open', technique: NAME, namespace, resumed: resume === 'yes' })
      opened = true
      length += text.length
      emit(event)
    }
    const guarded = (text: string) => {
      try {
        read(text)
      } catch (cause) {
        subscriber.error(cause)
      }
    }
    const refuse = (answer: Response) => {
      const verdict = page.verdict(answer)
      if (verdict === 'end') return subscriber.complete()
      subscriber.add(refusal(answer, verdict === 'accept' ? 'again' : verdict, { url }).subscribe(subscriber))
    }
    const receive = ({ source, origin: from, data }: MessageEvent<unknown>) => {
      if (source !== frame.contentWindow || from !== origin || !isPost(data) || data.push !== word) return
      if (typeof data.frame === 'string') guarded(data.frame)
      else if (isError(data.status)) refuse(answer(data.status, data))
    }
    // The document came to its end: cut, blocked or refused, and which of them is hidden from a page.
    const end = () =>
      fail(
        opened ? 'connection-lost' : 'network-error',
        opened
          ? 'the frame ended'
          : `the frame stayed silent: the server is down, does not know ${location.origin} (its \`allowedOrigins\`), or forbids frames (X-Frame-Options, frame-ancestors); or this page does (CSP frame-src)`,
      )

    frame.hidden = true
    frame.src = withQuery(url, { [FRAME]: word, [FRAME_PARENT]: location.origin })
    const over = () => void subscriber.add(runAfter(GRACE, scheduler, end))
    frame.onload = frame.onerror = over
    // Firefox fires `error` where a policy blocks, and nothing where nobody was reached: there its timing says it is over.
    const timing = new PerformanceObserver((list) => list.getEntriesByName(frame.src).forEach(over))
    timing.observe({ type: 'resource' })
    const insert = () => document.body.append(frame)
    addEventListener('message', receive)
    // A frame that never ends, inserted before the page is loaded, keeps it from ever being.
    if (document.readyState === 'complete') insert()
    else addEventListener('load', insert)
    return () => {
      removeEventListener('load', insert)
      removeEventListener('message', receive)
      timing.disconnect()
      frame.onload = frame.onerror = null
      frame.remove()
    }
  })

/** What a frame posts. */
interface Post {
  push?: unknown
  frame?: unknown
  status?: unknown
  headers?: unknown
  body?: unknown
}

const isPost = (data: unknown): data is Post => typeof data === 'object' && data !== null

const isError = (status: unknown): status is number =>
  Number.isInteger(status) && Number(status) >= 400 && Number(status) < 600

/** An error page's answer, as it would have been seen by fetch. */
function answer(status: number, { headers, body }: Post): Response {
  const seen = new Headers()
  if (typeof headers === 'object')
    for (const [name, value] of Object.entries(headers ?? {})) seen.set(name, String(value))
  return new Response(String(body ?? ''), { status, headers: seen })
}

/** A word that no other window knows. (`randomUUID` is there in secure contexts only.) */
const draw = (): string => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')
