import { watchRejection } from '../composables/internal/error-reporter.ts'
import { PushError } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import { errorMessage } from '../observables/internal/redact-url.ts'
import type { BindingOptions } from './binding-options.ts'
import type { MessageBuffer } from './message-buffer.ts'
import { snapshotFailed } from './snapshot.ts'

export interface CommitOptions<T, State> {
  buffer: MessageBuffer<T>
  binding: () => BindingOptions<T, State>
  /** Changes the state in one patch. */
  patch: (change: (state: State) => void) => void
  /** Whether the binding has ended: `apply` may change its source. */
  ended: () => boolean
  /** Receives the last error of a commit, and every rejection of `apply`. */
  failed: (error: PushError) => void
  /** Receives every error. */
  report: (error: unknown) => void
}

/**
 * Returns a function that changes the state in one patch: by a snapshot, where one is given, and by the messages of the
 * buffer. After an error the other messages are applied all the same, unless a snapshot can repair the state: then they
 * stay in the buffer.
 */
export function committer<T, State extends object>({
  buffer,
  binding,
  patch,
  ended,
  failed,
  report,
}: CommitOptions<T, State>): (snapshot?: Partial<State>) => void {
  const reported = (error: PushError) => {
    report(error)
    return error
  }
  const onRejection = (cause: unknown) => failed(reported(applyFailed(cause)))

  return (snapshot) => {
    const messages = buffer.take()
    if (!snapshot && messages.length === 0) return
    const { apply, snapshot: reload } = binding()
    let error: PushError | undefined
    let tried = 0
    // The patch must not throw: Pinia would stop to notify the store's subscribers.
    patch((state) => {
      try {
        Object.assign(state, snapshot)
      } catch (cause) {
        error = reported(snapshotFailed(cause))
      }
      for (const message of messages) {
        if (ended() || (error && reload)) break
        tried += 1
        try {
          if (!buffer.includes(message)) watchRejection(apply(state, message), onRejection)
        } catch (cause) {
          error = reported(applyFailed(cause))
        }
      }
    })
    if (!error || ended()) return
    if (reload) buffer.putBack(messages.slice(tried))
    failed(error)
  }
}

const applyFailed = (cause: unknown) =>
  new PushError('apply-failed', DEV && `apply() failed: ${errorMessage(cause)}. Fix the function.`, { cause })
