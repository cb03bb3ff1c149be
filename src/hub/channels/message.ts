import { isUtf8 } from 'node:buffer'
import { HubError, type HubErrorCode } from '../errors.ts'
import { formatId, type MessageId } from './message-id.ts'
import type { EncodingCache } from './encoding-cache.ts'
import { isText } from '../../wire/media-type.ts'
import { CONTROL_EVENT_PREFIX, controlWord } from '../../wire/constants.ts'

/** What a technique writes of a message. */
export interface MessageContent {
  readonly id: MessageId
  /** The id as it is sent. */
  readonly cursor: string
  readonly body: Buffer
  /** Whether its type is text and its body is valid UTF-8. Any other message is sent as bytes. */
  readonly isText: boolean
  readonly contentType: string
  readonly event: string | undefined
}

/** A message as the hub keeps it. */
export interface Message extends MessageContent {
  /** The hub's cache. */
  readonly encodings: EncodingCache
}

export interface Publication {
  body: string | Uint8Array
  contentType?: string | undefined
  event?: string | undefined
}

/** The cost of a message beside its body, in bytes. Without it, empty messages would cost nothing. */
export const ENVELOPE = 256

// HTTP drops spaces around a header's value, so not every technique could deliver them.
const HEADER_VALUE = /^(?! )[\x20-\x7e]{1,255}(?<! )$/

/**
 * Checks a publication before the hub keeps any of it.
 *
 * @throws HubError `invalid-body`, `too-large`, `invalid-content-type`, `invalid-event`
 */
export function checkPublication({ body, contentType, event }: Publication, maxBytes: number): void {
  if (typeof body !== 'string' && !(body instanceof Uint8Array))
    throw invalid('invalid-body', 'the body is neither a string nor a Uint8Array. Use JSON.stringify for other values.')
  const size = Buffer.byteLength(body)
  if (size > maxBytes)
    throw invalid('too-large', `the body has ${size} bytes, and \`maxMessageBytes\` is ${maxBytes}. Send less.`)
  if (contentType !== undefined && !HEADER_VALUE.test(contentType))
    throw invalid('invalid-content-type', `the content type is not ${PRINTABLE}`)
  if (event !== undefined && !HEADER_VALUE.test(event))
    throw invalid('invalid-event', `the event name is not ${PRINTABLE}`)
  if (contentType !== undefined && controlWord(contentType) !== undefined)
    throw invalid('invalid-content-type', `the hub reserves the content type "${contentType}". Use another one.`)
  if (event?.startsWith(CONTROL_EVENT_PREFIX))
    throw invalid('invalid-event', `the hub reserves event names that start with "${CONTROL_EVENT_PREFIX}".`)
}

const PRINTABLE = '1 to 255 printable ASCII characters without spaces around them.'

const invalid = (code: HubErrorCode, cause: string): HubError => new HubError(code, `Message not published: ${cause}`)

/** Returns the content type of a publication. */
export const typeOf = ({ body, contentType }: Publication): string =>
  contentType ?? (typeof body === 'string' ? 'text/plain' : 'application/octet-stream')

/** Creates the message of a publication. */
export function createMessage(id: MessageId, publication: Publication, encodings: EncodingCache): Message {
  const bytes = Buffer.from(publication.body)
  const type = typeOf(publication)
  return {
    id,
    cursor: formatId(id),
    body: bytes,
    isText: isText(type) && isUtf8(bytes),
    contentType: type,
    event: publication.event,
    encodings,
  }
}
