import { EMPTY, defer, map, merge, repeat, type Observable } from 'rxjs'
import { withConnectionSlot } from '../http/connection-limit.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardPoll } from '../backends/standard/poll.ts'
import type { SourceEvent } from '../events.ts'
import { after } from '../internal/time.ts'
import { onePoll, type PollResult, type PollState } from './one-poll.ts'
import { pollRepeats } from './poll-repeats.ts'
import type { PushRequest } from './technique.ts'

export interface PollLoopOptions {
  technique: string
  request: PushRequest
  /** Whether the server may wait with its response until it has a message (long polling). */
  waits: boolean
  /** How long to wait after a poll, in ms. `previous`: the interval before this poll; 0 for the first one. */
  interval: (result: PollResult, previous: number) => number
  /** How long the first request may wait before an `unconfirmed` `open` is emitted, in ms. @default never */
  presumeOpenAfter?: number
}

/** Polls one request at a time, each with the cursor of the response before it, until the channel ends. */
export function pollLoop({
  technique,
  request,
  waits,
  interval: next,
  presumeOpenAfter,
}: PollLoopOptions): Observable<SourceEvent> {
  const { scheduler, pollRate } = request
  const loop$ = defer(() => {
    const backend = selectPart(request.backend, 'poll', standardPoll)
    const repeats = pollRepeats({ compare: request.backend?.compare })
    let state: PollState = { cursor: request.cursor, previous: undefined }
    let interval = 0
    /** Undefined after a poll without a result: the channel has ended. */
    let delay: number | undefined

    const poll = defer(() => {
      delay = undefined
      return onePoll({ technique, request, backend, waits, state, repeats, presumeOpenAfter })
    })
    const finish = (result: PollResult): SourceEvent => {
      state = result.state
      interval = next(result, interval)
      // A hidden page polls less often. A request that the server holds costs little, and is not delayed.
      delay = waits || interval === 0 ? interval : Math.max(interval, pollRate?.minInterval() ?? 0)
      return { type: 'alive', heartbeat: silenceAfter(delay, waits ? result.heartbeat : 0) }
    }
    const pause = (ms: number) => merge(after(ms, scheduler), pollRate?.pollNow$ ?? EMPTY)
    return poll.pipe(
      map((event) => (event.type === 'polled' ? finish(event) : event)),
      repeat({ delay: () => (delay === undefined ? EMPTY : pause(delay)) }),
    )
  })
  // A request that waits at the server keeps its connection busy. One with an immediate response needs no slot.
  return waits ? withConnectionSlot(request, technique, loop$) : loop$
}

/** The longest silence until the next response, in ms: the delay, and the time for which the server may hold the request. */
const silenceAfter = (delay: number, heartbeat: number | undefined): number | 'agreed' =>
  heartbeat === undefined ? 'agreed' : delay + heartbeat
