import { BehaviorSubject, type Observable } from 'rxjs'
import { getCurrentInstance, onActivated, onDeactivated } from 'vue'

/** Why a reader pauses: `pause()`, `close()`, or a component that `<KeepAlive>` deactivated. */
export type PauseReason = 'user' | 'closed' | 'deactivated'

/** The reasons why a reader pauses. It reads while there is none. */
export interface PauseReasons {
  /** Whether there is a reason, now and at each change. */
  readonly paused$: Observable<boolean>
  has(reason: PauseReason): boolean
  add(reason: PauseReason): void
  remove(reason: PauseReason): void
}

export function pauseReasons(): PauseReasons {
  const reasons = new Set<PauseReason>()
  const paused$ = new BehaviorSubject(false)
  const emit = () => paused$.next(reasons.size > 0)
  return {
    paused$,
    has: (reason) => reasons.has(reason),
    add(reason) {
      reasons.add(reason)
      emit()
    },
    remove(reason) {
      reasons.delete(reason)
      emit()
    },
  }
}

/** Pauses while `<KeepAlive>` keeps the component deactivated. */
export function pauseWhileDeactivated({ add, remove }: PauseReasons): void {
  if (!getCurrentInstance()) return
  onDeactivated(() => add('deactivated'))
  onActivated(() => remove('deactivated'))
}
