import { EVENT_HEADER, GAP_HEADER, HEARTBEAT_HEADER, MORE_HEADER } from '../../../wire/constants.ts'
import { mediaType, mediaTypeParameter } from '../../../wire/media-type.ts'
import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { bodyCollector } from '../../parsers/body-collector.ts'
import { multipart, type Part } from '../../parsers/multipart.ts'
import { redactUrl } from '../../internal/redact-url.ts'
import { truncatedResponse } from '../../http/read-body.ts'
import { unreadable } from '../unreadable-message.ts'
import type { Emit, ResponseHead, ResponseReader, Target } from '../backend.ts'
import { cursorReader, missingCursor } from './cursor.ts'
import { gapReason, secondsToMs, messageByType, partEvent } from './control-events.ts'

export const MULTIPART = 'multipart/mixed'

/** Reads the response of a poll: one message of Nchan's, or several of the hub's in a multipart body. */
export function readPoll(head: ResponseHead, emit: Emit, target: Target): ResponseReader {
  const { status, headers } = head
  const gap = headers.get(GAP_HEADER)
  if (gap !== null) emit({ type: 'gap', reason: gapReason(gap) })
  const type = headers.get('content-type') ?? ''
  const cursor = cursorReader()(headers)
  const heartbeat = headers.get(HEARTBEAT_HEADER)
  // Nchan has no such header. It is reported first, because messages are checked by it.
  if (heartbeat !== null) emit({ type: 'alive', reportsGaps: true })
  // Nchan responds with one message at a time, so a multipart body of Nchan's is a message itself.
  const boundary =
    heartbeat !== null && mediaType(type) === MULTIPART ? mediaTypeParameter(type, 'boundary') : undefined
  const read = boundary === undefined ? singleMessage(head, target, cursor, emit) : envelope(boundary, target, emit)
  return {
    feed: read.feed,
    end() {
      read.end()
      emit({
        type: 'alive',
        ...(cursor !== undefined && { cursor }),
        heartbeat: secondsToMs(Number(heartbeat)),
      })
      // Nchan responds with one message at a time, and does not report whether another waits.
      return headers.has(MORE_HEADER) || (heartbeat === null && status === 200)
    },
  }
}

/** Reads a body that is one message. */
function singleMessage(
  { status, headers }: ResponseHead,
  { url, maxMessageBytes }: Target,
  cursor: string | undefined,
  emit: Emit,
) {
  const type = headers.get('content-type') ?? ''
  const isBodiless = status === 304 || status === 408
  const emitMessage = (data: Payload, error: PushError | undefined) => {
    if (isBodiless || cursor === undefined) return
    if (error) return emit(unreadable(data, cursor, error))
    // Over TLS a body that was cut never looks complete.
    if (data.length === 0 && url.startsWith('http:') && headers.get('content-length') !== '0')
      throw truncatedResponse(url)
    emit(messageByType(type, data, headers.get(EVENT_HEADER), cursor))
  }
  const { feed, end } = bodyCollector(type, emitMessage, maxMessageBytes)
  return {
    feed(chunk: Uint8Array) {
      // Checked at the first byte, because an event stream of another server does not end.
      if (!isBodiless && cursor === undefined)
        throw missingCursor(
          DEV &&
            `the response from "${redactUrl(url)}" with ${type || 'no content type'} lacks Last-Modified and Etag of Nchan`,
        )
      feed(chunk)
    },
    end,
  }
}

/** Reads a multipart body of several messages. */
function envelope(boundary: string, { maxMessageBytes }: Target, emit: Emit) {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  let isComplete = false
  const cursorOf = cursorReader()
  const reader = {
    part: (part: Part) => emit(partEvent(part, cursorOf(part.headers))),
    close: () => (isComplete = true),
  }
  const read = multipart(boundary, reader, maxMessageBytes)
  return {
    feed: (chunk: Uint8Array) => read(utf8.decode(chunk, { stream: true })),
    end() {
      if (!isComplete)
        throw new PushError(
          'connection-lost',
          DEV && 'Response cut: the multipart body ended before its closing boundary. The client reconnects.',
        )
    },
  }
}
