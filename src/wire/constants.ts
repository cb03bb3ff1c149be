import { mediaType } from './media-type.ts'

/**
 * The words of the wire that hub and client share. PROTOCOL.md explains each.
 */

/** Query parameter that carries a cursor, `<unix seconds>:<counter>.<epoch>`, on every technique. */
export const LAST_EVENT_ID = 'last_event_id'

/** Query parameter of interval polling: `wait=0` asks for what is there, now. */
export const WAIT = 'wait'

/** Query parameter that asks for a forever frame; its value is the word that every post to the parent repeats. */
export const FRAME = 'frame'

/** Query parameter of a forever frame: the origin of the parent, to which alone is posted. */
export const FRAME_PARENT = 'frame_parent'

/** WebSocket subprotocol whose frames begin with `id:` and `content-type:` lines. */
export const META_SUBPROTOCOL = 'ws+meta.nchan'

/** Where messages are JSON lines: the first line of a client, `{"subscribe": "./<channel>?<query>"}`. */
export const SUBSCRIBE = 'subscribe'

/** Answer header: the longest silence, in seconds, that a healthy connection shows. */
export const HEARTBEAT_HEADER = 'Push-Heartbeat'

/** Answer header of a poll: messages before this answer are missing; its value is the reason. */
export const GAP_HEADER = 'Push-Gap'

/** Answer header of a 410: the channel has ended (a 410 without it means "ask again"). */
export const END_HEADER = 'Push-End'

/** Answer header of a poll: the answer was cut at its limit, more waits. */
export const MORE_HEADER = 'Push-More'

/** Part header of a multipart answer, and request header of a publisher: the event's name. */
export const EVENT_HEADER = 'X-EventSource-Event'

/** Part header of a multipart stream: the part is the hub's own word. */
export const CONTROL_PART_HEADER = 'Push'

/** SSE event names that begin so are the hub's own; a publisher's are refused. */
export const CONTROL_EVENT_PREFIX = 'push.'

/** The event that begins each of the hub's event streams. */
export const HUB_GREETING = 'push.open'

/** What the hub says of a channel in the stream itself: SSE `event: push.<word>`, WebSocket head line `push: <word>`. */
export const CONTROL_WORDS = ['open', 'begin', 'ping', 'gap', 'end', 'message'] as const

const CONTROL_TYPE = /^application\/vnd\.push\.(\w+)\+json$/

/**
 * The control word that a `Content-Type` names, `application/vnd.push.<word>+json`: what a publisher says to clients on
 * Nchan. Undefined: the message is an ordinary one.
 */
export const controlWord = (contentType: string): string | undefined => CONTROL_TYPE.exec(mediaType(contentType))?.[1]

export type ControlWord = (typeof CONTROL_WORDS)[number]
