import { EMPTY, Subject, map, merge, of, takeUntil, throwError, type Observable } from 'rxjs'
import { mediaType } from '../../wire/media-type.ts'
import { END, type BackendRequest, type PollBackend, type ResponseHead, type Target } from '../backends/backend.ts'
import { otherServer } from '../backends/recognize-server.ts'
import type { Cursor } from '../connection/cursor.ts'
import type { SourceEvent, SourceOpen } from '../events.ts'
import { rejectedResponse, unexpectedResponse } from '../http/http-error.ts'
import { readBody, type BodyReader } from '../http/read-body.ts'
import { request } from '../http/request.ts'
import { after } from '../internal/time.ts'
import type { PollRepeats } from './poll-repeats.ts'
import type { PushRequest } from './technique.ts'

/** The state that one poll passes to the next one. */
export interface PollState {
  readonly cursor: Cursor | undefined
  /** The head of the last response; undefined before the first one. */
  readonly previous: ResponseHead | undefined
}

/** The last event of a poll whose channel continues. */
export interface PollResult {
  readonly type: 'polled'
  readonly state: PollState
  /** Whether the response has messages and another cursor than the request, or the first cursor. */
  readonly useful: boolean
  /** Whether the server has more messages. */
  readonly more: boolean
  /** The time from the request to the end of the response, in ms. */
  readonly duration: number
  /** How long the server may hold the next request, in ms; undefined if it promised nothing. */
  readonly heartbeat: number | undefined
}

export interface PollOptions {
  technique: string
  request: PushRequest
  backend: PollBackend
  waits: boolean
  state: PollState
  repeats: PollRepeats
  presumeOpenAfter?: number | undefined
}

/** Sends one poll, and emits the events of its response. Completes without a `PollResult` if the channel has ended. */
export function onePoll(poll: PollOptions): Observable<SourceEvent | PollResult> {
  const { technique, request: pushRequest, backend, waits, state, presumeOpenAfter } = poll
  const { url, headers, credentials, scheduler, withoutCursor, maxMessageBytes } = pushRequest
  const target: Target = {
    url,
    headers,
    cursor: withoutCursor ? undefined : state.cursor,
    previous: state.previous,
    maxMessageBytes,
  }
  const address = backend.buildRequest(target, waits)
  const startedAt = scheduler.now()
  const responded$ = new Subject<void>()

  const response$ = request({ url: address.url, headers: address.headers, credentials }, (response) => {
    responded$.next()
    const verdict = backend.verdict(response, target)
    if (verdict === 'end') {
      const reason = backend.gapAtEnd?.(response)
      return reason === undefined ? EMPTY : of<SourceEvent>({ type: 'gap', reason })
    }
    if (verdict !== 'accept' && verdict !== 'again') return rejectedResponse(response, verdict, { scheduler })
    if (verdict === 'accept' && backend.fits?.(mediaType(response.headers.get('content-type'))) === false)
      return unexpectedResponse(response, backend.expects, address.url)
    const other = otherServer(pushRequest.backend, response.headers, address.url)
    if (other) return throwError(() => other)
    return readBody<PollResult>(response, (emit) => readPoll(poll, target, address, startedAt, response, emit))
  })
  if (presumeOpenAfter === undefined || state.previous) return response$

  const presumed$ = after(presumeOpenAfter, scheduler).pipe(
    map((): SourceOpen => ({ ...openEvent(technique, address), unconfirmed: true })),
    // A response of any kind replaces the presumption.
    takeUntil(responded$),
  )
  return merge(presumed$, response$)
}

const openEvent = (technique: string, { namespace, resume }: BackendRequest): SourceOpen => ({
  type: 'open',
  technique,
  namespace,
  resumed: resume === 'yes',
})

/** Reads the body of a response: drops repeats, follows the cursor, and emits the result at its end. */
function readPoll(
  { technique, request: { scheduler }, backend, state, repeats }: PollOptions,
  target: Target,
  address: BackendRequest,
  startedAt: number,
  response: ResponseHead,
  emit: (event: SourceEvent | PollResult | typeof END) => void,
): BodyReader {
  const { namespace, resume, ownCursors } = address
  const before = state.cursor?.value
  const filter = repeats(before, resume === 'sampled')
  let { cursor } = state
  let opened = state.previous !== undefined
  // Without a cursor, nothing shows whether messages came between the last response and this one.
  let mayHaveMissed = opened && resume === 'no'
  let messages = 0
  let heartbeat: number | undefined

  // A head does not show that the body is readable, so `open` waits for the first event.
  const open = () => {
    if (!opened) emit({ ...openEvent(technique, address), ownCursors })
    opened = true
  }
  const read = (received: SourceEvent | typeof END) => {
    open()
    if (received === END) return emit(END)
    const event = filter(received)
    if (!event) return
    if (event.type === 'message') {
      messages += 1
      if (mayHaveMissed) emit({ type: 'gap', reason: 'not-resumed' })
      mayHaveMissed = false
    }
    if ('cursor' in event && event.cursor !== undefined)
      cursor = event.cursor === '' ? undefined : { namespace, value: event.cursor }
    if (event.type !== 'alive') return emit(event)
    // A heartbeat promised here applies from the end of the response, so the result reports it.
    if (typeof event.heartbeat === 'number') heartbeat = event.heartbeat
    if (event.cursor !== undefined || event.reportsGaps) emit({ ...event, heartbeat: undefined })
  }

  emit({ type: 'alive', heartbeat: 'default' })
  const reader = backend.read(response, read, target)
  return {
    feed: reader.feed,
    end() {
      const more = reader.end()
      open()
      emit({
        type: 'polled',
        state: { cursor, previous: response },
        useful: cursor?.value !== before && (messages > 0 || before === undefined),
        more,
        duration: scheduler.now() - startedAt,
        heartbeat,
      })
    },
  }
}
