import { DEV } from '../internal/dev.ts'
import { PushError, asPushError } from '../errors.ts'
import type { Payload, SourceMessage } from '../events.ts'

/**
 * Returns a message that cannot be read. It has a cursor like any other, so that it is not requested again. Subscribers
 * receive `invalid`, and the connection stays open.
 */
export const unreadable = (raw: Payload, cursor: string | undefined, cause: unknown): SourceMessage => ({
  type: 'message',
  data: raw,
  event: 'message',
  cursor,
  error: invalid(cause),
})

/** Returns the error of a message that cannot be read. */
export const invalid = (cause: unknown): PushError =>
  asPushError(cause, 'invalid-message', DEV && 'Message not read. Correct its publisher.')

/**
 * Reads a frame. If the backend throws, the frame is an invalid message.
 *
 * @throws PushError `unexpected-response` if the backend rejects the server.
 */
export function readFrame<P extends Payload, E>(read: (data: P) => E, data: P): E | SourceMessage {
  try {
    return read(data)
  } catch (cause) {
    if (cause instanceof PushError && cause.code === 'unexpected-response') throw cause
    return unreadable(data, undefined, cause)
  }
}
