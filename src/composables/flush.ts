import { Subscription, type SchedulerLike } from 'rxjs'

/** When what came is written: at once, at the end of the task, at the next frame, or after so many ms. */
export type Flush = 'sync' | 'microtask' | 'frame' | number

/** Work that is done once, however often it was asked for until then. */
export interface Batch {
  /** Does the work when it is due. */
  ask(): void
  /** Does it now, if it was asked for. */
  now(): void
  /** Forgets that it was asked for. */
  cancel(): void
}

export function batch(flush: Flush, scheduler: SchedulerLike, work: () => void): Batch {
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
    ask() {
      if (flush === 'sync') work()
      else due ??= later(flush, scheduler, run)
    },
    now() {
      if (due) run()
    },
    cancel,
  }
}

/** How long a frame is waited for, in ms: a hidden page draws none, and must not pile up what came meanwhile. */
const FRAME_WITHIN = 1_000

function later(flush: Exclude<Flush, 'sync'>, scheduler: SchedulerLike, run: () => void): Subscription {
  if (typeof flush === 'number') return scheduler.schedule(run, flush)
  if (flush === 'frame') {
    const frame = requestAnimationFrame(run)
    const due = scheduler.schedule(run, FRAME_WITHIN)
    due.add(() => cancelAnimationFrame(frame))
    return due
  }
  const due = new Subscription()
  queueMicrotask(() => {
    if (!due.closed) run()
  })
  return due
}
