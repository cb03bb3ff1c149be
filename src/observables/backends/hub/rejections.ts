import type { FrameHead } from '../../../wire/session-frames.ts'
import { PushError, rejectionCode } from '../../errors.ts'
import { DEV } from '../../internal/dev.ts'
import { STANDARD_STATUSES, statusVerdict } from '../verdict.ts'

/** Why the hub rejected a subscription or the session. */
export function rejection(what: string, { status, reason, retryAfter }: FrameHead): PushError {
  const code = Number(status)
  const isFinal = statusVerdict(STANDARD_STATUSES, code) === 'final'
  return new PushError(
    isFinal ? rejectionCode(code) : 'unavailable',
    DEV && `${what} was rejected with status ${code}: "${String(reason)}".`,
    { status: code, retryAfter: retryAfter === undefined ? undefined : Number(retryAfter) * 1_000 },
  )
}

/** Why the hub rejected a message. */
export const sendRejection = ({ status, reason, retryAfter }: FrameHead) =>
  new PushError(
    'send-rejected',
    DEV && `The hub rejected the message with status ${Number(status)}: "${String(reason)}".`,
    {
      status: Number(status),
      retryAfter: retryAfter === undefined ? undefined : Number(retryAfter) * 1_000,
    },
  )
