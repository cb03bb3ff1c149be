import type { PushError, PushErrorCode } from '../errors.ts'

/**
 * Errors before the first event that another technique may not meet. `network-error` is one of them, because a host may
 * hide why a connection failed. Only a technique that connects shows that the failed one was the cause.
 */
const FALL_BACK_ON: ReadonlySet<PushErrorCode> = new Set([
  'unsupported',
  'headers-unsupported',
  'connect-timeout',
  'heartbeat-timeout',
  'rejected',
  'unexpected-response',
  'connection-limit',
  'invalid-url',
  'network-error',
  'connection-lost',
])

/** A connection that was open for this long is stable, in ms: a better technique is tried again soon. */
const STABLE_AFTER_MS = 60_000

/** What a failure means for the technique in use. */
export type FailureVerdict =
  /** The next technique is tried at once, in the same attempt. */
  | { readonly type: 'try-next' }
  /** The attempt has failed, and the technique stays in use. */
  | { readonly type: 'keep'; readonly shortSessions: number; readonly stable: boolean }
  /** The attempt has failed, and the next one begins with the next technique. */
  | { readonly type: 'fall-back'; readonly shortSessions: number; readonly stable: boolean; readonly reason: string }

/** One connection, as the policy sees it. */
export interface FailedSession {
  /** How long the connection was open, in ms; undefined if it did not open. */
  readonly uptime: number | undefined
  /** How many short sessions in a row the channel had before with this technique. */
  readonly shortSessions: number
}

export interface SessionLimits {
  /** A session that lasts less is short, in ms. */
  readonly minUptime: number
  /** How many short sessions in a row a technique may have. */
  readonly maxShortSessions: number
}

/** Decides what follows a failure. */
export function judgeFailure(
  { code, technique, message }: PushError,
  { uptime, shortSessions: before }: FailedSession,
  { minUptime, maxShortSessions }: SessionLimits,
): FailureVerdict {
  if (uptime === undefined) {
    return FALL_BACK_ON.has(code) ? { type: 'try-next' } : { type: 'keep', shortSessions: before, stable: false }
  }
  const stable = uptime >= STABLE_AFTER_MS
  const shortSessions = uptime < minUptime ? before + 1 : 0
  if (shortSessions >= maxShortSessions) {
    const reason = `${technique} disconnected ${shortSessions} times within ${minUptime} ms`
    return { type: 'fall-back', shortSessions: 0, stable, reason }
  }
  if (code === 'heartbeat-timeout') return { type: 'fall-back', shortSessions, stable, reason: message }
  return { type: 'keep', shortSessions, stable }
}

/** Returns the error that describes an attempt best in which every technique failed: one that a retry may resolve. */
export function mostRelevant(failures: readonly PushError[]): PushError | undefined {
  const retryable = failures.filter((error) => error.retryable)
  return retryable.find(({ code }) => code === 'unexpected-response') ?? retryable[0] ?? failures[0]
}
