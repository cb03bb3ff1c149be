import { HubError } from '../errors.ts'
import type { Refusal } from '../http/http-errors.ts'
import { oneLine } from '../sanitize.ts'
import type { AuthorizeRequest } from './authorize.ts'

/** A message that a client publishes, and its client as `authorize` gets it. */
export interface ReceivedMessage extends Pick<AuthorizeRequest, 'channel' | 'headers' | 'query' | 'clientIp'> {
  /** The body: text if the content type is that of text and the body is valid UTF-8, otherwise a copy of the bytes. */
  readonly data: string | Uint8Array
  readonly contentType: string
  /** The name of the event. Undefined: it has none. */
  readonly event: string | undefined
}

/**
 * Receives a message that a client publishes, before it is published. Its result is the reply to the client: undefined, or
 * a value that `JSON.stringify` writes in up to 16,384 characters. It may be a promise.
 *
 * It rejects the message with `throw new HubError('rejected', reason, { status })`. If it throws anything else, returns
 * another value or takes more than 8 seconds, the client receives a 500, and `log` receives a line.
 *
 * @example receive: async ({ channel, data }) => ({ id: await store.insert(channel, JSON.parse(String(data))) })
 */
export type Receive = (message: ReceivedMessage) => unknown

/** How long `receive` may take, in ms: less than a client waits by default, so that the client gets the hub's response. */
export const RECEIVE_TIMEOUT = 8_000

/** The longest reply, in characters of JSON. The hub remembers replies, so that a repeated message gets the same one. */
const MAX_REPLY = 16_384

/** The longest reason of a rejection, in bytes. */
const MAX_REASON = 1_000

/** Statuses that a browser handles itself, before a page sees them. */
const HANDLED_BY_BROWSERS: ReadonlySet<number> = new Set([407, 408, 421, 425])

/** Encodes the result of `receive`. @throws TypeError if it cannot be a reply */
export function parseReply(result: unknown): { readonly reply: string | undefined } {
  if (result === undefined) return { reply: undefined }
  const reply = JSON.stringify(result) as string | undefined
  if (reply === undefined) throw new TypeError(`It returned a ${typeof result}. ${EXPECTED}`)
  if (reply.length > MAX_REPLY) throw new TypeError(`It returned ${reply.length} characters of JSON. ${EXPECTED}`)
  return { reply }
}

const EXPECTED = `Return undefined, or a value that is JSON of up to ${MAX_REPLY} characters.`

/** Returns the rejection that `receive` threw. Undefined: it failed. */
export function rejectionOf(error: unknown): Refusal | undefined {
  if (!(error instanceof HubError) || error.code !== 'rejected') return undefined
  const { status = 422, message } = error
  const isValid = Number.isInteger(status) && status >= 400 && status < 500 && !HANDLED_BY_BROWSERS.has(status)
  return isValid ? { status, message: oneLine(message, MAX_REASON) } : undefined
}
