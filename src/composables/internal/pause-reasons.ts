import { BehaviorSubject, type Observable } from 'rxjs'
import { getCurrentInstance, onActivated, onDeactivated } from 'vue'

/** Why a reader pauses: by its user's word, or because its component is out of sight. */
export type PauseReason = 'user' | 'deactivated'

/** A reader's reasons to pause; it reads while there is none. */
export interface Pauses {
  /** Whether there is one, now and at each change. */
  readonly paused$: Observable<boolean>
  hold(reason: PauseReason): void
  release(reason: PauseReason): void
}

export function pauseReasons(): Pauses {
  const reasons = new Set<PauseReason>()
  const paused$ = new BehaviorSubject(false)
  const tell = () => paused$.next(reasons.size > 0)
  return {
    paused$,
    hold(reason) {
      reasons.add(reason)
      tell()
    },
    release(reason) {
      reasons.delete(reason)
      tell()
    },
  }
}

/** Pauses while `<KeepAlive>` keeps the component out of sight. */
export function whileDeactivated({ hold, release }: Pauses): void {
  if (!getCurrentInstance()) return
  onDeactivated(() => hold('deactivated'))
  onActivated(() => release('deactivated'))
}
