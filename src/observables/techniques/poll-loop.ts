import { EMPTY, Subject, defer, map, merge, of, repeat, takeUntil, throwError, type Observable } from 'rxjs'
import { mediaType } from '../../wire/media-type.ts'
import { END, type ResponseHead, type Target } from '../backends/backend.ts'
import { otherServer } from '../backends/recognize-server.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardPoll } from '../backends/standard.ts'
import type { SourceEvent, SourceOpen } from '../events.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import { pollRepeats } from './poll-repeats.ts'
import { readBody, refusal, request, unexpected } from '../http/request.ts'
import type { PushRequest } from './technique.ts'
import { after } from '../internal/time.ts'

/** What one answer brought. */
export interface Cycle {
  /** It has messages and another cursor than the request, or the first cursor of all. */
  readonly useful: boolean
  /** The server said that more waits. */
  readonly more: boolean
  /** From the request to the end of the answer, in ms. */
  readonly took: number
}

export interface PollLoopOptions {
  technique: string
  request: PushRequest
  /** Whether the server may hold a request until it has something to say. */
  waits: boolean
  /** How long to wait before the next request, in ms. */
  pause: (cycle: Cycle) => number
  /** Say `open { unconfirmed }` when the first request has stood for this long, in ms. @default never */
  presumeAfter?: number
}

/** Request after request, one at a time, each with the cursor of the answer before it. */
export function pollLoop({
  technique,
  request: asked,
  waits,
  pause,
  presumeAfter,
}: PollLoopOptions): Observable<SourceEvent> {
  const { url, headers, scheduler, credentials, pace, withoutCursor, maxMessageBytes } = asked
  return defer(() => {
    const backend = selectPart(asked.backend, 'poll', standardPoll)
    let cursor = asked.cursor
    let previous: ResponseHead | undefined
    let answered = false
    let delay: number | undefined
    // Whatever a response says, it says more than that the request stands.
    const head$ = new Subject<void>()
    const newsOf = pollRepeats({ compare: asked.backend?.compare })
    const target = (): Target => ({
      url,
      headers,
      cursor: withoutCursor ? undefined : cursor,
      previous,
      maxMessageBytes,
    })

    const ask = defer(() => {
      const now = target()
      const { namespace, resume, ownCursors, ...address } = backend.buildRequest(now, waits)
      const began = scheduler.now()
      const before = cursor?.value
      let messages = 0
      let ended = false
      let promised: number | undefined
      const news = newsOf(before, resume === 'sampled')
      // Without a cursor nothing tells what came between the last answer and this one.
      let unproven = answered && resume === 'no'
      delay = undefined

      const answer = request({ ...address, credentials }, (response) => {
        head$.next()
        const verdict = backend.verdict(response, now)
        if (verdict === 'end') {
          const reason = backend.gapAtEnd?.(response)
          return reason === undefined ? EMPTY : of<SourceEvent>({ type: 'gap', reason })
        }
        if (verdict !== 'accept' && verdict !== 'again') return refusal(response, verdict, { scheduler })
        if (verdict === 'accept' && backend.fits?.(mediaType(response.headers.get('content-type'))) === false)
          return unexpected(response, backend.expects, address.url)
        const other = otherServer(asked.backend, response.headers, address.url)
        if (other) return throwError(() => other)
        previous = response
        return readBody(response, (emit) => {
          // A head says little of the body: open is what brought something that can be read.
          const open = () => {
            if (!answered) emit({ type: 'open', technique, namespace, resumed: resume === 'yes', ownCursors })
            answered = true
          }
          emit({ type: 'alive', heartbeat: 'default' })
          const reader = backend.read(
            response,
            (told) => {
              open()
              if (told === END) {
                ended = true
                return emit(END)
              }
              const event = news(told)
              if (!event) return
              if (event.type === 'message') {
                messages += 1
                if (unproven) emit({ type: 'gap', reason: 'not-resumed' })
                unproven = false
              }
              if ('cursor' in event && event.cursor !== undefined)
                cursor = event.cursor === '' ? undefined : { namespace, value: event.cursor }
              if (event.type !== 'alive') return emit(event)
              if (typeof event.heartbeat === 'number') promised = event.heartbeat
              // How long it will be silent is said when the answer has ended.
              if (event.cursor !== undefined || event.reportsGaps) emit({ ...event, heartbeat: undefined })
            },
            now,
          )
          return {
            feed: reader.feed,
            end() {
              const more = reader.end()
              open()
              // An answer without a body ends before its request does, which would be repeated.
              if (ended) return false
              const useful = cursor?.value !== before && (messages > 0 || before === undefined)
              delay = pause({ useful, more, took: scheduler.now() - began })
              // What the server holds costs little; what it answers at once is asked less often where nobody looks.
              if (!waits && delay > 0) delay = Math.max(delay, pace?.least() ?? 0)
              // From here it is silent until the next answer: for the pause, and for as long as the server may hold it.
              const held = waits ? promised : 0
              emit({ type: 'alive', heartbeat: held === undefined ? 'agreed' : delay + held })
              return more
            },
          }
        })
      })
      // A request that the server may hold takes a connection for as long; one that it answers at once needs a free one.
      return waits ? withConnectionSlot(asked, technique, answer) : answer
    })

    // A request that ended without a delay was told that the channel has ended.
    const due = (wait: number) => merge(after(wait, scheduler), pace?.pollNow$ ?? EMPTY)
    const cycle = ask.pipe(repeat({ delay: () => (delay === undefined ? EMPTY : due(delay)) }))
    if (presumeAfter === undefined) return cycle

    const presumed = after(presumeAfter, scheduler).pipe(
      map((): SourceOpen => {
        const { namespace, resume } = backend.buildRequest(target(), waits)
        return { type: 'open', technique, namespace, resumed: resume === 'yes', unconfirmed: true }
      }),
      takeUntil(head$),
    )
    return merge(presumed, cycle)
  })
}
