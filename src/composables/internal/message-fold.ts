import type { SchedulerLike } from 'rxjs'
import { shallowRef, type ShallowRef } from 'vue'
import type { PushMessage } from '../../observables/index.ts'
import { DEV } from '../../observables/internal/dev.ts'
import { batch, type Flush } from './batch.ts'
import { isThenable, watchRejection } from './error-reporter.ts'

export interface MessageFoldOptions {
  initial: unknown
  /** Without it, the data is the last message's. */
  reduce: ((value: unknown, message: PushMessage<unknown>) => unknown) | undefined
  flush: Flush
  scheduler: SchedulerLike
  /** Receives what `reduce` throws, or rejects with. */
  report: (error: unknown) => void
}

/** The messages of a channel, folded into refs that are written when `flush` decides. */
export interface MessageFold {
  readonly data: ShallowRef<unknown>
  readonly message: ShallowRef<PushMessage<unknown> | undefined>
  /** Starts with the last message of a channel that others read already. A `reduce` starts with `initial` all the same. */
  start(present: PushMessage<unknown> | undefined): void
  add(message: PushMessage<unknown>): void
  /** Writes pending messages to the refs. */
  flush(): void
  /** Resets the refs to `initial`, and drops pending messages. */
  reset(): void
}

export function messageFold({ initial, reduce, flush, scheduler, report }: MessageFoldOptions): MessageFold {
  const data = shallowRef(initial)
  const message = shallowRef<PushMessage<unknown>>()
  let value = initial
  let last: PushMessage<unknown> | undefined
  const write = () => {
    data.value = value
    message.value = last
  }
  const writes = batch(flush, scheduler, write)

  const fold = (by: NonNullable<typeof reduce>, added: PushMessage<unknown>) => {
    try {
      const result = by(value, added)
      if (!isThenable(result)) value = result
      else {
        watchRejection(result, report)
        report(new TypeError(DEV ? 'reduce() returned a promise. Return the new value itself.' : undefined))
      }
    } catch (thrown) {
      report(thrown)
    }
  }

  return {
    data,
    message,
    start(present) {
      if (last) return
      last = present
      if (present && !reduce) value = present.data
      write()
    },
    add(added) {
      last = added
      if (reduce) fold(reduce, added)
      else value = added.data
      writes.request()
    },
    flush: writes.flush,
    reset() {
      writes.cancel()
      value = initial
      last = undefined
      write()
    },
  }
}
