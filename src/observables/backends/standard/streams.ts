import { recentMessages } from '../../connection/drop-repeats.ts'
import { headerValue } from '../../http/header-value.ts'
import { lines } from '../../parsers/lines.ts'
import type { BackendRequest, EventStreamBackend, StreamBackend, Target } from '../backend.ts'
import { EVENT_STREAM_END, statusVerdicts, type StatusTable } from '../verdict.ts'
import { NAMESPACE } from './frames.ts'
import { isPage } from './page.ts'

export interface StreamOptions {
  /** Names of events that are heartbeats. @default [] */
  heartbeatEvents?: readonly string[] | undefined
  /** Whether the server resumes from `Last-Event-ID`. @default false */
  resumes?: boolean | undefined
}

/** Event streams (WHATWG HTML section 9.2), resumed with `Last-Event-ID`. */
export const standardEventStream = (
  statuses: Partial<StatusTable> = {},
  { heartbeatEvents = [], resumes = false }: StreamOptions = {},
): EventStreamBackend => ({
  buildRequest: (target, sendsHeaders) => resumeFromEventId(target, sendsHeaders, resumes),
  verdict: statusVerdicts(EVENT_STREAM_END, statuses),
  ids: true,
  eventNames: heartbeatEvents,
  read:
    (_, emit) =>
    ({ id, event = 'message', data }) =>
      emit(
        heartbeatEvents.includes(event) ? { type: 'alive', cursor: id } : { type: 'message', data, event, cursor: id },
      ),
  comment: () => 'again',
})

/** Streams of one message a line, such as newline-delimited JSON. Lines have no cursor. */
export const standardStream = (
  statuses: Partial<StatusTable> = {},
  { resumes = false }: StreamOptions = {},
): StreamBackend => ({
  buildRequest: (target) => resumeFromEventId(target, true, resumes),
  verdict: statusVerdicts(statuses),
  accept: 'application/x-ndjson, text/event-stream, */*;q=0.1',
  fits: (type) => !isPage(type),
  read: (_, emit, { maxMessageBytes }) =>
    lines((data, error) => emit({ type: 'message', data, event: 'message', error }), maxMessageBytes),
})

/** Returns a request that resumes from the last event ID, if it can be the value of a header. */
function resumeFromEventId({ url, headers, cursor }: Target, sendsHeaders: boolean, resumes: boolean): BackendRequest {
  const id = sendsHeaders && cursor?.namespace === NAMESPACE ? headerValue(cursor.value) : undefined
  return {
    url,
    headers: { ...headers, ...(id !== undefined && { 'Last-Event-ID': id }) },
    namespace: NAMESPACE,
    resume: id === undefined ? 'no' : 'yes',
    assumed: resumes ? undefined : recentMessages,
  }
}
