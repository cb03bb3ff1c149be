import { isUtf8 } from 'node:buffer'
import { HubError } from '../errors.ts'
import { formatId, type MessageId } from './message-id.ts'
import type { Spellings } from './encoding-cache.ts'
import { isText } from '../../wire/media-type.ts'
import { CONTROL_EVENT_PREFIX, controlWord } from '../../wire/constants.ts'

/** A message as it is kept. */
export interface Message {
  readonly id: MessageId
  /** The id as it travels. */
  readonly cursor: string
  readonly body: Buffer
  /** By its type, and valid UTF-8: anything else travels as bytes, unharmed. */
  readonly isText: boolean
  readonly contentType: string
  readonly event: string | undefined
  /** The hub's. */
  readonly spellings: Spellings
}

export interface Publication {
  body: string | Uint8Array
  contentType?: string | undefined
  event?: string | undefined
}

/** What surrounds a body, in bytes: without it, empty messages would weigh nothing. */
export const ENVELOPE = 256

// HTTP drops spaces around a header's value, so they could not arrive by every technique.
const HEADER_VALUE = /^(?! )[\x20-\x7e]{1,255}(?<! )$/

/** Checks what a publisher sent, before anything of it is kept. */
export function checkPublication({ body, contentType, event }: Publication, maxBytes: number): void {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new HubError('invalid-body', 'a message is a string or a Uint8Array: JSON.stringify what is neither')
  }
  if (Buffer.byteLength(body) > maxBytes) {
    throw new HubError('too-large', `a message may have ${maxBytes} bytes, this one has ${Buffer.byteLength(body)}`)
  }
  if (contentType !== undefined && !HEADER_VALUE.test(contentType)) {
    throw new HubError(
      'invalid-content-type',
      'a content type is 1 to 255 printable ASCII characters, no space around them',
    )
  }
  if (event !== undefined && !HEADER_VALUE.test(event)) {
    throw new HubError('invalid-event', 'an event name is 1 to 255 printable ASCII characters, no space around them')
  }
  if (contentType !== undefined && controlWord(contentType) !== undefined) {
    throw new HubError('invalid-content-type', `the type ${contentType} is the hub's own`)
  }
  if (event?.startsWith(CONTROL_EVENT_PREFIX)) {
    throw new HubError('invalid-event', `event names that begin with ${CONTROL_EVENT_PREFIX} are the hub's own`)
  }
}

/** The message that a publication becomes. */
export function createMessage(id: MessageId, { body, contentType, event }: Publication, spellings: Spellings): Message {
  const bytes = Buffer.from(body)
  const type = contentType ?? (typeof body === 'string' ? 'text/plain' : 'application/octet-stream')
  return {
    id,
    cursor: formatId(id),
    body: bytes,
    isText: isText(type) && isUtf8(bytes),
    contentType: type,
    event,
    spellings,
  }
}
