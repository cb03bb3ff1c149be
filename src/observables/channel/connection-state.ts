import type { PushError } from '../errors.ts'
import type { PushEvent } from '../events.ts'
import type { PushStatus } from '../status.ts'

/** The state of a channel's connection, for a banner or a badge. */
export interface ConnectionState {
  readonly status: PushStatus
  /** The connected technique; undefined unless `open`. */
  readonly technique: string | undefined
  /**
   * Why the channel is not open: the last error, kept while the next attempt runs. While it is open, why the last
   * message could not be decoded. Undefined when neither is so, and for `idle` and `closed`, which are no errors.
   */
  readonly error: PushError | undefined
  /** The number of failures in a row; 0 once it is open. */
  readonly attempt: number
  /** When the next attempt starts, in ms since the epoch; undefined unless the channel waits for one. */
  readonly retryAt: number | undefined
  /** Why a channel with readers is `idle`: `hidden`, `bfcache`, `reader`, ...; otherwise empty. */
  readonly pausedBy: readonly string[]
}

/** The state before the first event. */
export const IDLE: ConnectionState = {
  status: 'idle',
  technique: undefined,
  error: undefined,
  attempt: 0,
  retryAt: undefined,
  pausedBy: [],
}

/**
 * Returns the state after one event of a channel: the one reducer behind composables, stores and developer tools. It is
 * pure, and total over `PushEvent`. An event that changes nothing returns `previous` itself, so that messages cause no
 * work where only the state is shown.
 *
 * @example
 * channel.events$.pipe(scan(connectionState, IDLE), distinctUntilChanged()) // Observable<ConnectionState>
 */
export function connectionState(previous: ConnectionState, event: PushEvent<unknown>): ConnectionState {
  switch (event.type) {
    case 'idle':
      return { ...IDLE, pausedBy: event.pausedBy ?? IDLE.pausedBy }
    case 'connecting':
      return {
        ...IDLE,
        status: event.attempt > 0 ? 'reconnecting' : event.type,
        attempt: event.attempt,
        error: previous.error,
      }
    case 'open':
      return { ...IDLE, status: event.type, technique: event.technique }
    case 'reconnecting': {
      const { error, attempt, retryAt } = event
      return { ...IDLE, status: event.type, error, attempt, retryAt }
    }
    case 'failed':
      return { ...IDLE, status: event.type, error: event.error }
    case 'closed':
      return { ...IDLE, status: event.type }
    case 'invalid':
      return previous.status === 'open' ? { ...previous, error: event.error } : previous
    case 'message':
      // An open connection has no error but that of a message, and this one is good.
      return previous.status === 'open' && previous.error ? { ...previous, error: undefined } : previous
    case 'gap':
      return previous
  }
}
