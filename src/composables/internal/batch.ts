import { Subscription, type SchedulerLike } from 'rxjs'
import { DEV } from '../../observables/internal/dev.ts'
import { PushError } from '../../observables/index.ts'
import { runAfter } from '../../observables/internal/time.ts'

/** When changes are written: at once, at the end of the task, at the next frame, or after a delay in ms. */
export type Flush = 'sync' | 'microtask' | 'frame' | number

/** Work that runs once for any number of requests. */
export interface Batch {
  /** Requests the work. */
  request(): void
  /** Runs the work now, if it is requested. */
  flush(): void
  /** Drops the request. */
  cancel(): void
}

/** @throws PushError `invalid-option` */
export function checkFlush(flush: Flush = 'microtask'): void {
  if (typeof flush === 'number' ? flush >= 0 : NAMED.has(flush)) return
  throw new PushError(
    'invalid-option',
    DEV && `Invalid option \`flush\`: "${flush}". Use ${[...NAMED].join(', ')} or a number of ms from 0.`,
  )
}

const NAMED: ReadonlySet<Flush> = new Set(['sync', 'microtask', 'frame'])

export function batch(flush: Flush, scheduler: SchedulerLike, work: () => void): Batch {
  checkFlush(flush)
  let due: Subscription | undefined
  const cancel = () => {
    due?.unsubscribe()
    due = undefined
  }
  const run = () => {
    cancel()
    work()
  }
  return {
    request() {
      if (flush === 'sync') work()
      else due ??= runAt(flush, scheduler, run)
    },
    flush() {
      if (due) run()
    },
    cancel,
  }
}

/** How long a frame may take, in ms. A hidden page draws none, and must not queue messages without limit. */
const FRAME_WITHIN = 1_000

function runAt(flush: Exclude<Flush, 'sync'>, scheduler: SchedulerLike, run: () => void): Subscription {
  if (typeof flush === 'number') return runAfter(flush, scheduler, run)
  if (flush === 'frame') {
    const frame = requestAnimationFrame(run)
    const due = runAfter(FRAME_WITHIN, scheduler, run)
    due.add(() => cancelAnimationFrame(frame))
    return due
  }
  const due = new Subscription()
  queueMicrotask(() => {
    if (!due.closed) run()
  })
  return due
}
