import type { Observable } from 'rxjs'
import type { ComputedRef, ShallowRef } from 'vue'
import type { PushError, PushGap, PushMessage, PushStatus } from '../observables/index.ts'

/** What is seen of a channel, and what can be done with it. */
export interface UsePushChannelReturn<D, T, S = never> {
  /** What `reduce` made of the messages; without it the last one's data. */
  readonly data: Readonly<ShallowRef<D>>
  /** The last message. */
  readonly message: Readonly<ShallowRef<PushMessage<T> | undefined>>
  readonly status: ComputedRef<PushStatus>
  /** Why the channel is not open, or why the last message could not be decoded; undefined again when all is well. */
  readonly error: ComputedRef<PushError | undefined>
  /** How many attempts failed in a row. */
  readonly attempt: ComputedRef<number>
  /** When it tries again, in ms since the epoch; undefined where it does not wait. */
  readonly retryAt: ComputedRef<number | undefined>
  /** Which technique is connected. */
  readonly technique: ComputedRef<string | undefined>
  /**
   * Sends on the channel that is read now.
   * @throws PushError (rejects) what `Channel.send` rejects with; `not-connected` where none is read.
   */
  send(data: S): Promise<void>
  /** Connects again after `closed` or `failed`; cuts a wait short. */
  reconnect(): void
  /** Disconnects the channel, for all who read it. */
  close(): void
  /** Reads no more, alone of those who read the channel; the status is `idle`. The place is kept. */
  pause(): void
  /** Reads on: what was missed comes, once and in order, or `onGap` says that it cannot. */
  resume(): void
  /**
   * The next message.
   * @throws PushError (rejects) `not-connected` where the scope ends before it came, and on a server.
   */
  first(): Promise<PushMessage<T>>
  /** Hears every message, until the scope ends or the returned function is called. */
  onMessage(handler: (message: PushMessage<T>) => unknown): () => void
  /** Hears that messages may be missing, until the scope ends or the returned function is called. */
  onGap(handler: (gap: PushGap) => unknown): () => void
  /** Every message, whichever channel is read; completes when the scope ends. */
  readonly messages$: Observable<PushMessage<T>>
}
