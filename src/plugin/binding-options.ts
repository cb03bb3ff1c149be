import type { Flush } from '../composables/internal/batch.ts'
import type { PushGap, PushMessage } from '../observables/index.ts'
import type { LoadSnapshot } from './snapshot.ts'

/** How a channel's messages become a store's state. */
export interface BindingOptions<T, State> {
  /**
   * Loads the state that the messages change: when the channel opens, after every gap, and while the channel cannot
   * connect. Messages that arrive meanwhile wait, and are applied in the same commit as the snapshot. Those that the
   * snapshot includes are dropped, by `cursor` (the channel's, read before the state was) or by `version`. If the snapshot
   * has neither, `apply` must be idempotent.
   */
  snapshot?: LoadSnapshot<State>
  /** Returns a message's number. A message whose number is not above the snapshot's `version` is dropped. */
  version?: (data: T) => number
  /**
   * Changes the state by one message. If it throws, or returns a promise that rejects, `error` is set. A binding with a
   * `snapshot` then loads a fresh one; a binding without applies the next message.
   */
  apply: (state: State, message: PushMessage<T>) => void
  /** Called when messages may be missing. A binding with a `snapshot` also loads a fresh one. */
  onGap?: (gap: PushGap) => void
  /**
   * When the messages that have arrived are applied, in one commit of at most 1,000 messages. A number is a delay in ms.
   * @default 'microtask'
   */
  flush?: Exclude<Flush, 'sync'>
}
