import { HubError } from './hub-error.ts'
import { formatId, type MessageId } from './message-id.ts'
import { CONTROL_EVENT_PREFIX } from '../protocol.ts'

/** A message as it is kept. Each way to write it is worked out once and shared by all who are sent it. */
export interface Message {
  readonly id: MessageId
  /** The id as it travels. */
  readonly cursor: string
  readonly body: Buffer
  /** The body, where it is text. */
  readonly text: string | undefined
  readonly contentType: string
  readonly event: string | undefined
  /** What this message is written as, by carrier. */
  readonly written: Map<string, Buffer>
}

export interface Publication {
  body: string | Uint8Array
  contentType?: string | undefined
  event?: string | undefined
}

const TEXT = /^(text\/|application\/(json|xml|javascript|x-www-form-urlencoded)\b|[\w.-]+\/[\w.-]+\+(json|xml)\b)/i
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
  if (event?.startsWith(CONTROL_EVENT_PREFIX)) {
    throw new HubError('invalid-event', `event names that begin with ${CONTROL_EVENT_PREFIX} are the hub's own`)
  }
}

/** The message that a publication becomes. */
export function createMessage(id: MessageId, { body, contentType, event }: Publication): Message {
  const bytes = Buffer.from(body)
  const type = contentType ?? (typeof body === 'string' ? 'text/plain' : 'application/octet-stream')
  return {
    id,
    cursor: formatId(id),
    body: bytes,
    text: TEXT.test(type) ? textOf(bytes) : undefined,
    contentType: type,
    event,
    written: new Map(),
  }
}

/** How a message is written by one carrier, worked out the first time. */
export function writtenAs(message: Message, carrier: string, write: (message: Message) => Buffer): Buffer {
  const known = message.written.get(carrier)
  if (known) return known
  const bytes = write(message)
  message.written.set(carrier, bytes)
  return bytes
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text only where it is valid UTF-8: anything else travels as bytes, unharmed. */
function textOf(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
