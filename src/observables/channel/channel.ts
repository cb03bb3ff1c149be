import type { Observable } from 'rxjs'
import type { ConnectionState } from './connection-state.ts'
import type { PushEvent, PushMessage } from '../events.ts'
import type { PushStatus } from '../status.ts'

/**
 * A shared stream of one channel's messages. The first reader connects it, the last one to leave disconnects it after
 * `disconnectDelay`. Its streams never error and never complete: what ends or fails is an event, and `reconnect()` revives
 * every reader.
 */
export interface Channel<T, S = never> {
  /** Absolute. */
  readonly url: string
  /**
   * Everything that happens, in order. Subscribing reads: it connects. A late reader gets the present state first: the
   * status, and `invalid` where the last message could not be decoded.
   */
  readonly events$: Observable<PushEvent<T>>
  /** The messages among `events$`. Subscribing reads. */
  readonly messages$: Observable<PushMessage<T>>
  /** The last message; undefined before the first, and when the channel begins anew. */
  readonly last: PushMessage<T> | undefined
  /** Emits `state` now and at each change. Subscribing only watches: it does not connect. */
  readonly state$: Observable<ConnectionState>
  /** The status, and what a person wants to know of it: error, attempt, time of the next try, technique. */
  readonly state: ConnectionState
  /** The same as `state.status`. */
  readonly status: PushStatus
  /**
   * When the next attempt begins, in ms by the clock of the client's scheduler, which is monotonic (`state.retryAt` is of
   * the wall clock, which may be set meanwhile); undefined unless it waits for one.
   */
  readonly retryDue: number | undefined
  /**
   * Sends one message. Resolves when it was handed over to the connection, or when the server took it (HTTP). Waits in
   * a bounded buffer while the channel connects. It is never sent twice.
   * @throws PushError (rejects) `send-unsupported`, `not-connected`, `buffer-full`, `send-aborted`, `send-rejected`,
   * `invalid-message`
   */
  send(data: S): Promise<void>
  /** Connects again after `closed` or `failed`, from where the channel was; cuts a wait short. */
  reconnect(): void
  /** Disconnects for all readers, who stay; what waits to be sent is lost. */
  close(): void
  /**
   * Describes the state in words, for development: the technique in use, what was tried, when the next attempt begins.
   * In production it returns the status and the error's code.
   */
  explain(): string
}
