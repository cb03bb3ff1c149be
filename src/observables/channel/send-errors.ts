import { PushError } from '../errors.ts'
import { DEV } from '../internal/dev.ts'

/** The server did not acknowledge a message in time. `timeout` is in ms. */
export const unacknowledged = (name: string | false, timeout: number) =>
  new PushError(
    'send-aborted',
    DEV &&
      `Message not acknowledged: "${name}" did not respond within ${timeout} ms. The server may have it. Send it again only if it may come twice, or raise \`sendTimeout\`.`,
  )

/** The channel was left before a message was acknowledged. `isSent`: a connection has sent it. */
export const discarded = (name: string | false, isSent = false) =>
  new PushError(
    'send-aborted',
    DEV &&
      `Message not ${isSent ? 'acknowledged' : 'sent'}: the channel "${name}" was left or closed. ${
        isSent
          ? 'The server may have the message. Send it again only if it may come twice.'
          : 'Send it again if it is still needed.'
      }`,
  )

/** Rejects a message to a channel that is not connected. */
export const unread = (name: string | false, status: string): Promise<never> =>
  Promise.reject(
    new PushError(
      'not-connected',
      DEV && `Message not sent: the channel "${name}" is ${status}. Subscribe first, or call reconnect().`,
    ),
  )
