import type { FrameHead } from '../../../wire/session-frames.ts'
import { PushError, rejectionCode } from '../../errors.ts'
import { DEV } from '../../internal/dev.ts'
import { secondsToMs } from '../nchan/control-events.ts'
import { STANDARD_STATUSES, statusVerdict } from '../verdict.ts'

/** Returns the error for the rejection of a topic; undefined: of the session. */
export function rejection(topic: string | undefined, { status, reason, retryAfter }: FrameHead): PushError {
  const code = Number(status)
  const isFinal = statusVerdict(STANDARD_STATUSES, code) === 'final'
  return new PushError(
    isFinal ? rejectionCode(code) : 'unavailable',
    DEV &&
      `${topic === undefined ? 'The session' : `Topic "${topic}"`} was rejected with status ${code}: "${String(reason)}".`,
    { status: code, retryAfter: secondsToMs(retryAfter) },
  )
}

export const sendRejection = ({ status, reason, retryAfter }: FrameHead) =>
  new PushError(
    'send-rejected',
    DEV && `The hub rejected the message with status ${Number(status)}: "${String(reason)}".`,
    {
      status: Number(status),
      retryAfter: secondsToMs(retryAfter),
    },
  )

export const forgotten = () =>
  new PushError(
    'send-aborted',
    DEV &&
      'The connection was lost before the hub acknowledged the message, and the hub that is reached now does not know it. It may have been published: send it again only if it may come twice.',
  )

export const tooLarge = (size: number, limit: number) =>
  new PushError(
    'send-rejected',
    DEV &&
      `Message not sent: it has ${size} bytes, and the hub takes ${limit}. Send less, or raise \`maxMessageBytes\` of the hub.`,
  )
