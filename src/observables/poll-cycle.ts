import { EMPTY, Subject, defer, map, merge, repeat, takeUntil, tap, timer, type Observable } from 'rxjs'
import { END, type AnswerHead, type Target } from './dialects/dialect.ts'
import { part } from './dialects/part.ts'
import { plainPoll } from './dialects/plain.ts'
import type { SourceEvent, SourceOpen } from './event.ts'
import { holding, passing } from './held-connections.ts'
import { readBody, refusal, request } from './request.ts'
import type { PushRequest } from './technique.ts'

/** What one answer brought. */
export interface Cycle {
  /** It has messages and another cursor than the request, or the first cursor of all. */
  readonly useful: boolean
  /** The server said that more waits. */
  readonly more: boolean
  /** From the request to the end of the answer, in ms. */
  readonly took: number
}

export interface PollCycleOptions {
  technique: string
  request: PushRequest
  /** Whether the server may hold a request until it has something to say. */
  waits: boolean
  /** How long to wait before the next request, in ms. */
  pause: (cycle: Cycle) => number
  /** Say `open { presumed }` when the first request has stood for this long, in ms. @default never */
  presumeAfter?: number
}

/** Request after request, one at a time, each with the cursor of the answer before it. */
export function pollCycle({
  technique,
  request: asked,
  waits,
  pause,
  presumeAfter,
}: PollCycleOptions): Observable<SourceEvent> {
  const { url, headers, scheduler, credentials, pace } = asked
  return defer(() => {
    const dialect = part(asked.dialect, 'poll', plainPoll)
    let cursor = asked.cursor
    let previous: AnswerHead | undefined
    let answered = false
    let delay: number | undefined
    const target = (): Target => ({ url, headers, cursor, previous })

    const ask = defer(() => {
      const now = target()
      const { space, continuity, ownCursors, ...address } = dialect.address(now, waits)
      const began = scheduler.now()
      const before = cursor?.value
      let messages = 0
      let ended = false
      let promised: number | undefined
      // Without a cursor nothing tells what came between the last answer and this one.
      let unproven = answered && continuity === 'unproven'
      delay = undefined

      const answer = request({ ...address, credentials }, (response) => {
        const verdict = dialect.verdict(response, now)
        if (verdict === 'end') return EMPTY
        if (verdict !== 'accept' && verdict !== 'again') return refusal(response, verdict)
        previous = response
        return readBody(response, (emit) => {
          if (!answered) emit({ type: 'open', technique, space, resumed: continuity === 'resumed', ownCursors })
          answered = true
          const reader = dialect.answer(
            response,
            (event) => {
              if (event === END) {
                ended = true
                return emit(END)
              }
              if (event.type === 'message') {
                messages += 1
                if (unproven) emit({ type: 'gap', reason: 'unproven' })
                unproven = false
              }
              if ('cursor' in event && event.cursor !== undefined) cursor = { space, value: event.cursor }
              if (event.type !== 'alive') return emit(event)
              promised = event.heartbeat ?? promised
              // How long it will be silent is said when the answer has ended.
              if (event.cursor !== undefined || event.tellsGaps) emit({ ...event, heartbeat: undefined })
            },
            now,
          )
          return {
            feed: reader.feed,
            end() {
              const more = reader.end()
              // An answer without a body ends before its request does, which would be repeated.
              if (ended) return false
              const useful = cursor?.value !== before && (messages > 0 || before === undefined)
              delay = pause({ useful, more, took: scheduler.now() - began })
              // What the server holds costs little; what it answers at once is asked less often where nobody looks.
              if (!waits && delay > 0) delay = Math.max(delay, pace?.least() ?? 0)
              // From here it is silent until the next answer: for the pause, and for as long as the server may hold it.
              if (!waits || promised !== undefined)
                emit({ type: 'alive', heartbeat: delay + (waits ? (promised ?? 0) : 0) })
              return more
            },
          }
        })
      })
      // A request that the server may hold takes a connection for as long; one that it answers at once needs a free one.
      return (waits ? holding : passing)(asked, technique, answer)
    })

    // A request that ended without a delay was told that the channel has ended.
    const due = (after: number) => merge(timer(after, scheduler), pace?.hurry$ ?? EMPTY)
    const cycle = ask.pipe(repeat({ delay: () => (delay === undefined ? EMPTY : due(delay)) }))
    if (presumeAfter === undefined) return cycle

    const seen = new Subject<void>()
    const see = () => seen.next()
    const presumed = timer(presumeAfter, scheduler).pipe(
      map((): SourceOpen => {
        const { space, continuity } = dialect.address(target(), waits)
        return { type: 'open', technique, space, resumed: continuity === 'resumed', presumed: true }
      }),
      takeUntil(seen),
    )
    return merge(presumed, cycle.pipe(tap({ next: see, complete: see })))
  })
}
