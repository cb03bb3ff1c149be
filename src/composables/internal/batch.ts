import { Subscription, type SchedulerLike } from 'rxjs'
import { DEV } from '../../observables/internal/dev.ts'
import { PushError } from '../../observables/index.ts'
import { runAfter } from '../../observables/internal/time.ts'

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

/** @throws PushError `invalid-option` */
export function checkFlush(flush: Flush = 'microtask'): void {
  if (typeof flush === 'number' ? flush >= 0 : WORDS.has(flush)) return
  throw new PushError(
    'invalid-option',
    DEV && `flush is ${flush}, and must be ${[...WORDS].join(', ')} or a number of ms, 0 or more`,
  )
}

const WORDS: ReadonlySet<Flush> = new Set(['sync', 'microtask', 'frame'])

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
