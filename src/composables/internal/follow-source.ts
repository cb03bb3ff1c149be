import { computed, getCurrentInstance, getCurrentScope, onScopeDispose, watch } from 'vue'
import { PushError } from '../../observables/index.ts'
import { DEV } from '../../observables/internal/dev.ts'
import { errorMessage } from '../../observables/internal/redact-url.ts'
import { batch } from './batch.ts'
import { hostScheduler } from '../../observables/internal/time.ts'

/** Whether this renders on a server: there nothing connects, because a page that is sent away reads no more. */
export const onServer = () => typeof window === 'undefined'

/** Whether a component is set up for what a server rendered: its element is there before it is. */
export const hydrating = () => !!getCurrentInstance()?.vnode.el

/** What a source names, or what it threw instead. */
type Named<T> = { readonly now: T } | { readonly thrown: unknown }

/**
 * Joins what a reactive source names, and moves with it until the effect scope ends. `join` returns its undo.
 *
 * The old is left in the same instant that the source changes, so that nothing of it mixes with the new; the new is
 * joined at the end of the task, so that a source of two parts that both change makes one move.
 *
 * While a page is hydrated it is as the server rendered it: the first, too, is joined at the end of the task then.
 *
 * What the first source or `join` throws is thrown, because it is the caller's mistake. What later ones throw goes to
 * `failed`: it would surface where the application assigned to its own state. The old is left all the same.
 */
export function follow<T>(
  source: () => T,
  same: (a: T, b: T) => boolean,
  join: (now: T) => () => void,
  failed: (error: unknown) => void,
): void {
  if (onServer()) return
  const current = computed<Named<T>>((old) => {
    try {
      const now = source()
      return old && 'now' in old && same(old.now, now) ? old : { now }
    } catch (thrown) {
      return { thrown }
    }
  })
  let leave = () => {}
  const joinCurrent = () => {
    const named = current.value
    if ('thrown' in named) throw named.thrown
    leave = join(named.now)
  }
  const rejoin = batch('microtask', hostScheduler, () => {
    try {
      joinCurrent()
    } catch (error) {
      failed(error)
    }
  })
  if (hydrating()) rejoin.ask()
  else joinCurrent()
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

/** The error that a source's failure is shown as. What is not a `PushError` is the user's own, and reported. */
export function sourceError(thrown: unknown, report: (error: unknown) => void): PushError {
  if (thrown instanceof PushError) return thrown
  report(thrown)
  return new PushError('source-failed', DEV && `The function that names the channel threw: ${errorMessage(thrown)}`, {
    cause: thrown,
  })
}
