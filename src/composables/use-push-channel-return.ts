import type { Observable } from 'rxjs'
import type { ComputedRef, ShallowRef } from 'vue'
import type { PushError, PushGap, PushMessage, PushStatus } from '../observables/index.ts'

/** The state of a channel for one reader, and its methods. */
export interface UsePushChannelReturn<D, T, S = never> {
  /** The result of `reduce`; without it the last message's data. */
  readonly data: Readonly<ShallowRef<D>>
  /** The last message. */
  readonly message: Readonly<ShallowRef<PushMessage<T> | undefined>>
  readonly status: ComputedRef<PushStatus>
  /** Why the channel is not open, or why the last message could not be decoded; otherwise undefined. */
  readonly error: ComputedRef<PushError | undefined>
  /** How many attempts failed in a row. */
  readonly attempt: ComputedRef<number>
  /** When the next attempt begins, in ms since the epoch; undefined while none is planned. */
  readonly retryAt: ComputedRef<number | undefined>
  /** The technique that is connected. */
  readonly technique: ComputedRef<string | undefined>
  /**
   * Sends on the channel that is read now.
   * @throws PushError (rejects) as `Channel.send` does, and with `not-connected` if none is read.
   */
  send(data: S): Promise<unknown>
  /**
   * Reads again after `close()`, from where it was closed. Connects a channel that is `closed` or `failed`, and ends the
   * wait for the next attempt.
   */
  reconnect(): void
  /**
   * Stops reading, and sets `status` to `closed`, for this reader only. The channel disconnects after `disconnectDelay`
   * if it has no other reader; `Channel.close()` disconnects it for all. `reconnect()`, or another source, reads again.
   */
  close(): void
  /** Stops reading until `resume()`, for this reader only. `status` is `idle`, and the position is kept. */
  pause(): void
  /** Reads again from where it paused. It receives each message that it missed once, in order, or a gap. */
  resume(): void
  /**
   * Resolves with the next message.
   * @throws PushError (rejects) `not-connected` if the scope ends first, and on a server.
   */
  first(): Promise<PushMessage<T>>
  /** Calls `handler` with every message until the scope ends. Returns a function that removes it. */
  onMessage(handler: (message: PushMessage<T>) => unknown): () => void
  /** Calls `handler` when messages may be missing, until the scope ends. Returns a function that removes it. */
  onGap(handler: (gap: PushGap) => unknown): () => void
  /** Emits every message, of whichever channel is read. Completes when the scope ends. */
  readonly messages$: Observable<PushMessage<T>>
}
