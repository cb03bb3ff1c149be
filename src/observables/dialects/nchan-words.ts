import { CONTROL_EVENT_PREFIX, CONTROL_TYPE, EVENT_HEADER } from '../../protocol.ts'
import type { Payload, SourceEvent } from '../event.ts'
import { base64, text } from '../framing/content-type.ts'
import type { Part } from '../framing/multipart.ts'
import { metaFrame } from '../framing/nchan-meta.ts'
import { END, type RefusedLine, type ServerSentEvent } from './dialect.ts'

/** A frame of a WebSocket, or what a forever frame posted: the same words. */
export function frame(data: Payload): SourceEvent | typeof END {
  const { head, body } = metaFrame(data)
  const word = head.get('push')
  return word === undefined
    ? typed(head.get('content-type'), body, head.get('event'), head.get('id'))
    : control(word, head.get('id'), body)
}

/** A line of JSON: a refusal, the server's own word, or a message. */
export function line(json: string): SourceEvent | typeof END | RefusedLine {
  const said = parse(json)
  const { id } = said
  const cursor = typeof id === 'string' ? id : undefined
  if (said['status']) return said as unknown as RefusedLine
  return said['push'] ? control(String(said['push']), cursor, json) : carried(said, cursor)
}

/** An event of an event stream. */
export function streamed(
  { id, event, data }: ServerSentEvent,
  heartbeat: number | undefined,
): SourceEvent | typeof END {
  if (event?.startsWith(CONTROL_EVENT_PREFIX)) return control(event.slice(CONTROL_EVENT_PREFIX.length), id, data)
  // Nchan's own heartbeat, an event named `ping` that is no message and carries no id.
  if (event === 'ping' && id === undefined) return { type: 'alive', heartbeat }
  return message(data, event, id)
}

/** A part: the hub's own word, or a message. */
export function partEvent({ headers, body }: Part, cursor: string | undefined): SourceEvent | typeof END {
  const word = headers.get('push')
  if (word !== undefined) return control(word, cursor, body)
  const data = headers.get('content-transfer-encoding') === 'base64' ? base64(body) : body
  return typed(headers.get('content-type'), data, headers.get(EVENT_FIELD), cursor)
}

const EVENT_FIELD = EVENT_HEADER.toLowerCase()

/** A message, or a word that a publisher said by its type: Nchan hands no more than that on under every technique. */
export function typed(
  type: string | undefined,
  data: Payload,
  event: string | null | undefined,
  cursor: string | undefined,
): SourceEvent | typeof END {
  const word = type && CONTROL_TYPE.exec(type)?.[1]
  return word ? control(word, cursor, data) : message(data, event, cursor)
}

/** A heartbeat as it is told, in seconds; what is none is not promised. */
export const beats = (seconds: number): number | undefined => (seconds > 0 ? seconds * 1_000 : undefined)

const message = (data: Payload, event: string | null | undefined, cursor: string | undefined): SourceEvent => ({
  type: 'message',
  data,
  event: event || 'message',
  cursor,
})

/** The server's own words; one that is not known yet is a sign of life. */
function control(word: string, cursor: string | undefined, body: Payload): SourceEvent | typeof END {
  const json = typeof body === 'string' ? body : text(body)
  if (word === 'end') return END
  if (word === 'gap') return { type: 'gap', reason: String(parse(json)['reason'] ?? 'unknown'), cursor }
  if (word === 'message') return carried(parse(json), cursor)
  if (word === 'begin') return { type: 'alive', cursor, begins: true }
  if (word === 'open') {
    const { heartbeat, gaps } = parse(json)
    return { type: 'alive', cursor, heartbeat: beats(Number(heartbeat)), tellsGaps: gaps === true }
  }
  return { type: 'alive', cursor }
}

/** A message in JSON, where the technique cannot carry it as it is. */
function carried({ event, text, base64: bytes }: Record<string, unknown>, cursor: string | undefined): SourceEvent {
  const data = typeof bytes === 'string' ? base64(bytes) : String(text)
  return message(data, typeof event === 'string' ? event : undefined, cursor)
}

function parse(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
