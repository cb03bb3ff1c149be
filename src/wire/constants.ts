import { mediaType } from './media-type.ts'

/**
 * The names that hub and client share in the protocol. PROTOCOL.md defines them.
 */

/** Query parameter with the cursor, `<unix seconds>:<counter>.<epoch>`, for every technique. */
export const LAST_EVENT_ID = 'last_event_id'

/** Query parameter of interval polling: `wait=0` requests a response at once. */
export const WAIT = 'wait'

/** Query parameter that requests a forever frame. Its value is repeated by every post to the parent. */
export const FRAME = 'frame'

/** Query parameter of a forever frame: the parent's origin, the only one that receives the posts. */
export const FRAME_PARENT = 'frame_parent'

/** WebSocket subprotocol whose frames begin with `id:` and `content-type:` lines. */
export const META_SUBPROTOCOL = 'ws+meta.nchan'

/** Key of a client's first line over TCP, `{"subscribe": "./<channel>?<query>"}`. */
export const SUBSCRIBE = 'subscribe'

/** Response header: the longest silence of a healthy connection, in seconds. */
export const HEARTBEAT_HEADER = 'Push-Heartbeat'

/** Response header of a poll: messages before this response are missing. Its value is the reason. */
export const GAP_HEADER = 'Push-Gap'

/** Response header of a 410: the channel has ended. A 410 without it means: request again. */
export const END_HEADER = 'Push-End'

/** Response header of a poll: the response was cut at its limit, and more messages wait. */
export const MORE_HEADER = 'Push-More'

/** Header with the event's name: of a part of a multipart response, and of a publisher's request. */
export const EVENT_HEADER = 'X-EventSource-Event'

/** Header of a POST that may be repeated (draft-ietf-httpapi-idempotency-key-header). */
export const IDEMPOTENCY_KEY = 'Idempotency-Key'

/** Part header of a multipart stream: the part is a control event. */
export const CONTROL_PART_HEADER = 'Push'

/** The beginning of the names of control events in event streams. Publishers cannot use it. */
export const CONTROL_EVENT_PREFIX = 'push.'

/** The first event of each of the hub's event streams. */
export const HUB_GREETING = 'push.open'

/** The control events: `event: push.<word>` in an event stream, the head line `push: <word>` on a WebSocket. */
export const CONTROL_WORDS = ['open', 'begin', 'ping', 'gap', 'end', 'message'] as const

const CONTROL_TYPE = /^application\/vnd\.push\.(\w+)\+json$/

/**
 * Returns the control event that a `Content-Type` names, `application/vnd.push.<word>+json`. On Nchan publishers send
 * control events in this way. Undefined: the message is not one.
 */
export const controlWord = (contentType: string): string | undefined => CONTROL_TYPE.exec(mediaType(contentType))?.[1]

export type ControlWord = (typeof CONTROL_WORDS)[number]
