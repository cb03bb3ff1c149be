import type { Observable } from 'rxjs'
import type { ConnectionState } from './connection-state.ts'
import type { PushEvent, PushMessage } from '../events.ts'
import type { PushStatus } from '../status.ts'

/**
 * A shared stream of one channel's messages. The first reader connects it, the last one to leave disconnects it after
 * `disconnectDelay`. Its streams never error and never complete: the end and a failure are events, and `reconnect()`
 * continues every reader.
 */
export interface Channel<T, S = never> {
  /** The absolute URL. */
  readonly url: string
  /**
   * Emits all events, in order. Subscribing connects. A late reader gets the current state first: the status, and `invalid`
   * if the last message could not be decoded.
   */
  readonly events$: Observable<PushEvent<T>>
  /** Emits the messages of `events$`. Subscribing connects. */
  readonly messages$: Observable<PushMessage<T>>
  /** Returns the last message. Undefined before the first one, and after the channel was idle without readers. */
  readonly last: PushMessage<T> | undefined
  /** Emits `state` now and at each change. Subscribing does not connect. */
  readonly state$: Observable<ConnectionState>
  /** The status with its details: error, attempt, time of the next attempt, technique. */
  readonly state: ConnectionState
  /** The same as `state.status`. */
  readonly status: PushStatus
  /**
   * Returns when the next attempt starts, in ms by the monotonic clock of the client's scheduler. Undefined: the channel is
   * not waiting for an attempt. `state.retryAt` is by the wall clock, which the user may set.
   */
  readonly retryDue: number | undefined
  /**
   * Sends one message. Resolves when the connection has accepted it, or over HTTP when the server has. While the channel
   * connects, the message waits in a queue of limited length.
   *
   * With the backend `hub()`, it resolves with the hub's reply, when the hub has published the message. After a lost
   * connection the message is sent again, and published once. With any other backend the client sends it once at most, and
   * resolves with undefined.
   *
   * @throws PushError (rejects) `send-unsupported`, `not-connected`, `buffer-full`, `send-aborted`, `send-rejected`,
   * `invalid-message`
   */
  send(data: S): Promise<unknown>
  /** Reconnects after `closed` or `failed`, from the last position. Ends a wait for the next attempt. */
  reconnect(): void
  /** Disconnects for all readers, which remain subscribed. Messages that wait to be sent are lost. */
  close(): void
  /**
   * Describes the state in sentences, for development: the technique, failed techniques, and the time of the next attempt.
   * In production it returns the status and the error's code.
   */
  explain(): string
}
