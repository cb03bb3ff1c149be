import { DEV } from '../../internal/dev.ts'
import { mediaType } from '../../../wire/media-type.ts'
import { bodyCollector } from '../../parsers/body-collector.ts'
import { decodeBase64 } from '../../parsers/base64.ts'
import { headerIs } from '../../parsers/header-lines.ts'
import type { Emit, ResponseHead, ResponseReader, ServerSentEvent } from '../backend.ts'
import { unexpectedServer } from '../recognize-server.ts'
import { BEGINNING, batches, messagesOf, readArray, type LogPosition } from './batches.ts'

/** How a response is read. */
export interface Reading {
  /** Whether the stream consists of JSON messages, and not of bytes. */
  readonly json: boolean
  /** Where the request began. */
  readonly start: LogPosition
  /** The limit of one message, in bytes. */
  readonly limit: number | undefined
}

export const JSON_TYPE = 'application/json'

const BYTES = 'application/octet-stream'

const NEXT_OFFSET = 'Stream-Next-Offset'

const NO_BODY = { feed: () => {}, end: () => {} }

const utf8 = /* @__PURE__ */ new TextEncoder()

/** Reads the response of a poll: one batch of messages. */
export function readPoll(
  { status, headers }: ResponseHead,
  emit: Emit,
  { json, start, limit }: Reading,
): ResponseReader {
  const next = headers.get(NEXT_OFFSET)
  const type = headers.get('content-type')
  if (next === null) throw unexpected(DEV && `it has no ${NEXT_OFFSET}, and its content type is ${type ?? 'missing'}`)
  if (json && status === 200 && mediaType(type) !== JSON_TYPE) throw notJson(type)
  emitBeginning(start, emit)
  const batch = batches(start, emit)
  const withBody = () => (json ? messagesOf(batch.message, limit) : bodyCollector(type, batch.piece, limit))
  const body = status === 204 ? NO_BODY : withBody()
  return {
    feed: body.feed,
    end() {
      body.end()
      batch.end(next, headerIs(headers, 'Stream-Closed', 'true'))
      return status === 200 && !headerIs(headers, 'Stream-Up-To-Date', 'true')
    },
  }
}

/** Reads an event stream: `data` events have the messages of a batch, and the `control` event after them has its offset. */
export function readEvents(
  head: ResponseHead | undefined,
  emit: Emit,
  { json, start, limit }: Reading,
): (event: ServerSentEvent) => void {
  const batch = batches(start, emit)
  const isBase64 = head !== undefined && headerIs(head.headers, 'Stream-SSE-Data-Encoding', 'base64')
  if (json && isBase64) throw notJson(BYTES)
  const collector = () => bodyCollector(isBase64 ? BYTES : null, batch.piece, limit)
  let body = collector()
  let hasBegun = false
  let hasControl = false

  const readData = (data: string) => {
    if (json) readArray(data, batch.message, limit)
    else body.feed(isBase64 ? decodeBase64(data.replaceAll('\n', '')) : utf8.encode(data))
  }
  const readControl = (data: string) => {
    const control = parseControl(data)
    if (control) {
      hasControl = true
      body.end()
      body = collector()
      return batch.end(control.next, control.closed)
    }
    if (!hasControl) throw unexpected(NO_OFFSET)
    batch.wrong(data, NO_OFFSET)
  }
  return ({ event, data }) => {
    if (event !== 'data' && event !== 'control') {
      // Later versions of the protocol may have other events, but none of them comes first.
      if (!hasBegun) throw unexpected(DEV && `an event named ${event ?? 'message'} comes first`)
      return
    }
    if (!hasBegun) emitBeginning(start, emit)
    hasBegun = true
    if (event === 'data') readData(data)
    else readControl(data)
  }
}

const NO_OFFSET = DEV && 'a control event has no streamNextOffset'

/** Emits the beginning as a cursor, so that a connection that is lost before the first message causes no gap. */
function emitBeginning({ offset, read }: LogPosition, emit: Emit): void {
  if (offset === BEGINNING && read === 0) emit({ type: 'alive', cursor: BEGINNING })
}

/** Returns the offset that a `control` event has. Undefined: it has none. */
function parseControl(json: string): { next: string; closed: boolean } | undefined {
  try {
    const { streamNextOffset: next, streamClosed } = JSON.parse(json) as Record<string, unknown>
    return typeof next === 'string' ? { next, closed: streamClosed === true } : undefined
  } catch {
    return undefined
  }
}

const notJson = (type: string | null) =>
  unexpected(DEV && `a stream of ${type} has pieces instead of messages: durableStreams({ json: false })`)

const unexpected = (cause: string | false) => unexpectedServer(DEV && 'a Durable Streams server', cause)
