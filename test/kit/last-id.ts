import {
  EVENT_STREAM_END,
  STANDARD_STATUSES,
  post,
  statusVerdict,
  withQuery,
  type Backend,
  type ResponseHead,
  type ServerSentEvent,
  type SourceEvent,
} from 'pinia-push/kit'

const NAMESPACE = 'last-id'

/** The hub reports gaps by events of its own, whose names begin with `push.`. */
function read({ id: cursor, event = 'message', data }: ServerSentEvent): SourceEvent {
  if (event === 'push.gap') return { type: 'gap', reason: 'history-expired', cursor }
  return event.startsWith('push.') ? { type: 'alive', cursor } : { type: 'message', data, event, cursor }
}

/** A backend outside of the package: event streams of the hub, which resume from an id in the query. */
export function lastId(): Backend {
  const verdict = ({ status }: ResponseHead) => statusVerdict({ ...STANDARD_STATUSES, ...EVENT_STREAM_END }, status)
  return {
    name: 'last-id',
    heartbeat: undefined,
    eventStream: {
      buildRequest({ url, headers, cursor }) {
        const id = cursor?.namespace === NAMESPACE ? cursor.value : undefined
        return {
          url: id === undefined ? url : withQuery(url, { last_event_id: id }),
          headers,
          namespace: NAMESPACE,
          resume: id === undefined ? 'no' : 'yes',
        }
      },
      verdict,
      ids: true,
      eventNames: [],
      read: (_head, emit) => (event) => emit(read(event)),
      comment: () => 'again',
    },
    post,
  }
}
