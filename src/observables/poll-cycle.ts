import { EMPTY, Observable, Subject, defer, map, merge, repeat, takeUntil, tap, timer } from 'rxjs'
import { END, type Carrier } from './dialects/dialect.ts'
import type { SourceEvent, SourceOpen } from './event.ts'
import { readBody, refusal, request } from './request.ts'
import type { PushRequest } from './technique.ts'

/** What one answer brought. */
export interface Cycle {
  /** Messages in it. */
  readonly messages: number
  /** Whether its cursor is another than the request's. */
  readonly moved: boolean
  /** Whether the server said that more waits. */
  readonly more: boolean
  /** From the request to the end of the answer, in ms. */
  readonly took: number
}

export interface PollCycleOptions {
  technique: string
  carrier: Carrier
  request: PushRequest
  /** How long to wait before the next request, in ms. */
  pause: (cycle: Cycle) => number
  /** Say `open { presumed }` when the first request has stood for this long, in ms. @default never */
  presumeAfter?: number
}

/** Request after request, one at a time, each with the cursor of the answer before it. */
export function pollCycle({ technique, carrier, request: asked, pause, presumeAfter }: PollCycleOptions): Observable<SourceEvent> {
  const { url, headers, dialect, scheduler, credentials } = asked
  return defer(() => {
    let cursor = asked.cursor
    let answered = false
    let last: Cycle | undefined
    const addressed = () => dialect.address({ url, headers, cursor, carrier })

    const ask = defer(() => {
      const address = addressed()
      const { space, continuity } = address
      const began = scheduler.now()
      const before = cursor?.value
      let messages = 0
      // Without a cursor nothing tells what came between the last answer and this one.
      let unproven = answered && continuity === 'unproven'
      last = undefined

      return request({ url: address.url, headers: address.headers, credentials }, (response) => {
        const verdict = dialect.verdict(response.status, response.headers)
        if (verdict === 'end') return EMPTY
        if (verdict !== 'accept' && verdict !== 'again') return refusal(response, verdict)
        return readBody(
          response,
          (emit) => {
            if (!answered) emit({ type: 'open', technique, space, resumed: continuity === 'resumed' })
            answered = true
            return dialect.answer(response, (event) => {
              if (event === END) return emit(END)
              if (event.type === 'message') {
                messages += 1
                if (unproven) emit({ type: 'gap', reason: 'unproven' })
                unproven = false
              }
              if ('cursor' in event && event.cursor !== undefined) cursor = { space, value: event.cursor }
              emit(event)
            })
          },
          (more) => (last = { messages, moved: cursor?.value !== before, more, took: scheduler.now() - began }),
        )
      })
    })

    // A request that completes without a cycle was told that the channel has ended.
    const cycle = ask.pipe(repeat({ delay: () => (last ? timer(pause(last), scheduler) : EMPTY) }))
    if (presumeAfter === undefined) return cycle

    const seen = new Subject<void>()
    const presumed = timer(presumeAfter, scheduler).pipe(
      map((): SourceOpen => {
        const { space, continuity } = addressed()
        return { type: 'open', technique, space, resumed: continuity === 'resumed', presumed: true }
      }),
      takeUntil(seen),
    )
    const see = () => seen.next()
    return merge(presumed, cycle.pipe(tap({ next: see, complete: see })))
  })
}
