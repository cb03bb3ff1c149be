import { computed, getCurrentInstance, getCurrentScope, onScopeDispose, toRaw, watch } from 'vue'
import { PushError, type AnyDescriptor, type ChannelDescriptor, type Nameless } from '../../observables/index.ts'
import { DEV } from '../../observables/internal/dev.ts'
import { errorMessage } from '../../observables/internal/redact-url.ts'
import { hostScheduler } from '../../observables/internal/time.ts'
import { batch } from './batch.ts'

/** The channel to read: a descriptor, or none. */
export type PushSource<T, S> = ChannelDescriptor<T, S> | null | undefined

/** A source of any channel, or a URL. */
export type AnySource = AnyDescriptor | Nameless

/** Whether two sources name the same channel: a getter returns a new descriptor each time. */
export const sameSource = (a: AnySource, b: AnySource): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && a?.url === b?.url && a?.definition === b?.definition)

/** Returns a source without its reactive proxy, because a proxied definition would be a different one. */
export const rawSource = <A extends AnySource>(source: A): A => toRaw(source)

/** Whether this code renders on a server. Nothing connects there, because a rendered page cannot read. */
export const onServer = () => typeof window === 'undefined'

/** Whether a component hydrates: its element exists before it is set up. */
export const hydrating = () => !!getCurrentInstance()?.vnode.el

/** The source's value, or what the source threw. */
type Outcome<T> = { readonly value: T } | { readonly thrown: unknown }

/**
 * Joins the channel that a reactive source names, and follows the source until the effect scope ends. `join` returns its
 * undo.
 *
 * The old channel is left in the instant in which the source changes, so that its messages do not mix with those of the
 * new one. The new channel is joined at the end of the task, so that a change of two parts causes one move. While a page
 * hydrates, the first channel is joined at the end of the task too, so that the page is as the server rendered it.
 *
 * Errors of the first source and the first `join` are thrown, because they are the caller's. Later errors go to `failed`,
 * because they would be thrown where the application assigned to its own state. The old channel is left all the same.
 */
export function followSource<T>(
  source: () => T,
  same: (a: T, b: T) => boolean,
  join: (value: T) => () => void,
  failed: (error: unknown) => void,
): void {
  if (onServer()) return
  const current = computed<Outcome<T>>((old) => {
    try {
      const value = source()
      return old && 'value' in old && same(old.value, value) ? old : { value }
    } catch (thrown) {
      return { thrown }
    }
  })
  let leave = () => {}
  const joinCurrent = () => {
    const outcome = current.value
    if ('thrown' in outcome) throw outcome.thrown
    leave = join(outcome.value)
  }
  const rejoin = batch('microtask', hostScheduler, () => {
    try {
      joinCurrent()
    } catch (error) {
      failed(error)
    }
  })
  if (hydrating()) rejoin.request()
  else joinCurrent()
  watch(
    current,
    () => {
      leave()
      leave = () => {}
      rejoin.request()
    },
    { flush: 'sync' },
  )
  if (!getCurrentScope()) return
  onScopeDispose(() => {
    rejoin.cancel()
    leave()
  })
}

/** Returns the error that a failing source is shown as. Errors of the user's own code are reported, too. */
export function sourceError(thrown: unknown, report: (error: unknown) => void): PushError {
  if (thrown instanceof PushError) return thrown
  report(thrown)
  return new PushError(
    'source-failed',
    DEV && `Channel not read: its source function threw "${errorMessage(thrown)}". Return null to read no channel.`,
    { cause: thrown },
  )
}
