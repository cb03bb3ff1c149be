import { CONTROL_EVENT_PREFIX, EVENT_HEADER, controlWord } from '../../../wire/constants.ts'
import { DEV } from '../../internal/dev.ts'
import type { Payload, SourceEvent } from '../../events.ts'
import { decodeBase64 } from '../../parsers/base64.ts'
import { headerIs } from '../../parsers/header-lines.ts'
import { decodeUtf8 } from '../../parsers/utf8.ts'
import type { Part } from '../../parsers/multipart.ts'
import { nchanFrame } from '../../parsers/nchan-frame.ts'
import { unreadable } from '../unreadable-message.ts'
import { END, type RefusedLine, type ServerSentEvent } from '../backend.ts'

// None of these functions throws: input that cannot be read is one invalid message, and the connection stays open.

/** Reads a frame of a WebSocket or of a forever frame. */
export function frame(data: Payload): SourceEvent | typeof END {
  const { head, body } = nchanFrame(data)
  const cursor = head.get('id')
  if (head.size === 0 || head.has('')) return unreadable(data, cursor, wrongHead(head.get('') ?? ''))
  const word = head.get('push')
  return word === undefined
    ? messageByType(head.get('content-type'), body, head.get('event'), cursor)
    : control(word, cursor, body)
}

/** Reads a line of JSON: a rejection, a control event or a message. */
export function line(json: string): SourceEvent | typeof END | RefusedLine {
  let cursor: string | undefined
  try {
    const fields = parse(json)
    const { id, push, status, headers, body } = fields
    cursor = typeof id === 'string' ? id : undefined
    if (status !== undefined) return rejected(status, headers, body)
    return push === undefined ? messageInJson(fields, cursor) : control(String(push), cursor, json)
  } catch (cause) {
    return unreadable(json, cursor, cause)
  }
}

function rejected(status: unknown, headers: unknown, body: unknown): RefusedLine {
  if (!Number.isInteger(status) || Number(status) < 300 || Number(status) > 599)
    throw wrong(DEV && `the status ${JSON.stringify(status)} of a rejection is not from 300 to 599.`)
  return {
    status: Number(status),
    headers: Object.fromEntries(Object.entries(headers ?? {}).filter(([, value]) => typeof value === 'string')),
    body: typeof body === 'string' ? body : '',
  }
}

/** Reads an event of an event stream. */
export function streamed(
  { id, event, data }: ServerSentEvent,
  heartbeat: number | undefined,
): SourceEvent | typeof END {
  if (event?.startsWith(CONTROL_EVENT_PREFIX)) return control(event.slice(CONTROL_EVENT_PREFIX.length), id, data)
  // Nchan's own heartbeat is an event named `ping`, without an id. It is not a message.
  if (event === 'ping' && id === undefined) return { type: 'alive', heartbeat }
  return message(data, event, id)
}

/** Reads a part of a multipart body: a control event of the hub, or a message. */
export function partEvent({ headers, body, error }: Part, cursor: string | undefined): SourceEvent | typeof END {
  const odd = headers.get('')
  if (error || odd !== undefined) return unreadable(body, cursor, error ?? wrongHead(odd ?? ''))
  const word = headers.get('push')
  if (word !== undefined) return control(word, cursor, body)
  let data: Payload = body
  if (headerIs(headers, 'content-transfer-encoding', 'base64')) {
    try {
      data = decodeBase64(body)
    } catch (cause) {
      return unreadable(body, cursor, cause)
    }
  }
  return messageByType(headers.get('content-type'), data, headers.get(EVENT_FIELD), cursor)
}

const EVENT_FIELD = EVENT_HEADER.toLowerCase()

/** Reads a message, or a control event that a publisher sent by its type: under every technique Nchan passes the type on. */
export function messageByType(
  type: string | undefined,
  data: Payload,
  event: string | null | undefined,
  cursor: string | undefined,
): SourceEvent | typeof END {
  const word = type && controlWord(type)
  return word ? control(word, cursor, data) : message(data, event, cursor)
}

/** Converts a server's duration from seconds to ms. Undefined: it is not a number above zero, so none is announced. */
export const secondsToMs = (seconds: unknown): number | undefined => {
  const delay = Number(typeof seconds === 'object' ? undefined : seconds) * 1_000
  return delay > 0 ? delay : undefined
}

const message = (data: Payload, event: string | null | undefined, cursor: string | undefined): SourceEvent => ({
  type: 'message',
  data,
  event: event || 'message',
  cursor,
})

/** Reads a control event. An unknown one counts as a heartbeat, and one that cannot be read is an invalid message. */
function control(word: string, cursor: string | undefined, body: Payload): SourceEvent | typeof END {
  try {
    return meaning(word, cursor, typeof body === 'string' ? body : decodeUtf8(body))
  } catch (cause) {
    return unreadable(body, cursor, cause)
  }
}

function meaning(word: string, cursor: string | undefined, json: string): SourceEvent | typeof END {
  switch (word) {
    case 'end':
      return END
    case 'gap':
      return { type: 'gap', reason: gapReason(parse(json)['reason']), cursor }
    case 'message':
      return messageInJson(parse(json), cursor)
    case 'begin':
      return { type: 'alive', cursor, restarted: true }
    case 'open': {
      const { heartbeat, gaps } = parse(json)
      return { type: 'alive', cursor, heartbeat: secondsToMs(heartbeat), reportsGaps: gaps === true }
    }
    default:
      return { type: 'alive', cursor }
  }
}

/** The limit of a reason, in characters, because it may be shown to users. */
const LONGEST_REASON = 100

/** Returns a server's reason for a gap, cut to the limit. Throws if it is not text. */
export function gapReason(reason: unknown = 'unknown-cursor'): string {
  if (typeof reason !== 'string') throw wrong(DEV && `the reason ${JSON.stringify(reason)} of a gap is not text.`)
  return reason.slice(0, LONGEST_REASON)
}

/** Reads a message in JSON, for content that a technique cannot send as it is. */
function messageInJson(
  { event, text, base64: bytes }: Record<string, unknown>,
  cursor: string | undefined,
): SourceEvent {
  const data = typeof bytes === 'string' ? decodeBase64(bytes) : text
  if (data instanceof Uint8Array || typeof data === 'string')
    return message(data, typeof event === 'string' ? event : undefined, cursor)
  throw wrong(DEV && 'a message in JSON has neither `text` nor `base64`.')
}

function parse(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json)
  if (typeof value === 'object' && value !== null) return { ...value }
  throw wrong(DEV && 'it is not a JSON object.')
}

/** Returns the error for invalid input. The cause is part of it in development only. */
const wrong = (cause: string | false) => new SyntaxError(cause || undefined)

const wrongHead = (line: string) =>
  wrong(
    DEV &&
      `the line "${line}" of a head is not a field. Use standard() for a server that is neither the hub nor Nchan.`,
  )
