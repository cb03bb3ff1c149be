import { asyncScheduler } from 'rxjs'
import { computed, getCurrentInstance, getCurrentScope, onScopeDispose, watch } from 'vue'
import { batch } from './flush.ts'

/** Whether this renders on a server: there nothing connects, because a page that is sent away reads no more. */
export const onServer = () => typeof window === 'undefined'

/** Whether a component is set up for what a server rendered: its element is there before it is. */
export const hydrating = () => !!getCurrentInstance()?.vnode.el

/**
 * Joins what a reactive source names, and moves with it until the effect scope ends. `join` returns its undo.
 *
 * The old is left in the same instant that the source changes, so that nothing of it mixes with the new; the new is
 * joined at the end of the task, so that a source of two parts that both change makes one move.
 *
 * While a page is hydrated it is as the server rendered it: the first, too, is joined at the end of the task then.
 *
 * What the first `join` throws is thrown, because it is the caller's mistake; later ones go to `failed`.
 */
export function follow<T>(
  source: () => T,
  same: (a: T, b: T) => boolean,
  join: (now: T) => () => void,
  failed: (error: unknown) => void,
): void {
  if (onServer()) return
  const current = computed<T>((old) => {
    const now = source()
    return old !== undefined && same(old, now) ? old : now
  })
  let leave = () => {}
  const rejoin = batch('microtask', asyncScheduler, () => {
    try {
      leave = join(current.value)
    } catch (error) {
      failed(error)
    }
  })
  if (hydrating()) rejoin.ask()
  else leave = join(current.value)
  watch(
    current,
    () => {
      leave()
      leave = () => {}
      rejoin.ask()
    },
    { flush: 'sync' },
  )
  if (!getCurrentScope()) return
  onScopeDispose(() => {
    rejoin.cancel()
    leave()
  })
}
