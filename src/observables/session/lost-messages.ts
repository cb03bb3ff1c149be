import { PushError } from '../errors.ts'
import { DEV } from '../internal/dev.ts'

/** The message waits for the next connection. */
export const notConnected = () =>
  new PushError('not-connected', DEV && 'The connection was lost. The message is sent again.')

/** The server may have the message. */
export const unknownOutcome = () =>
  new PushError(
    'send-aborted',
    DEV &&
      'The connection was lost before the server acknowledged the message. The server may have it: send it again only if it may come twice.',
  )
