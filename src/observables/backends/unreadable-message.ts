import { DEV } from '../internal/dev.ts'
import { PushError, asPushError } from '../errors.ts'
import type { Payload, SourceMessage } from '../events.ts'

/**
 * A message that cannot be read. It has its place like any other, so that it is not asked for again; readers see it as
 * `invalid`, and the connection goes on.
 */
export const unreadable = (raw: Payload, cursor: string | undefined, cause: unknown): SourceMessage => ({
  type: 'message',
  data: raw,
  event: 'message',
  cursor,
  error: invalid(cause),
})

/** Why a message cannot be read, as an error. */
export const invalid = (cause: unknown): PushError =>
  asPushError(cause, 'invalid-message', DEV && 'The message cannot be read')

/**
 * What a frame means; one that the backend cannot read is a message that cannot be read.
 *
 * @throws PushError `unexpected-response` where the backend says that this server is not of its kind.
 */
export function readFrame<P extends Payload, E>(read: (data: P) => E, data: P): E | SourceMessage {
  try {
    return read(data)
  } catch (cause) {
    if (cause instanceof PushError && cause.code === 'unexpected-response') throw cause
    return unreadable(data, undefined, cause)
  }
}
