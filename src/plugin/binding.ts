import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs'
import { createFlusher, type Flush } from '../composables/flush.ts'
import { PushError, type Channel, type PushEvent, type PushMessage, type RetryPolicy } from '../observables/index.ts'

/** How a channel keeps a store up to date. */
export interface Binding<T, State> {
  /**
   * The state as a whole, taken when the channel has opened and again after a gap; its keys replace the store's.
   * `cursor` is where the channel was when the state was read, read before it: messages up to there are then not
   * applied again. Without one, `apply` must bear to see a message that the snapshot already holds.
   */
  snapshot?: () => Promise<{ state: Partial<State>; cursor?: string }>
  /** Applies one message to the state. */
  apply: (state: State, message: PushMessage<T>) => void
  /** When messages are applied: once a flush, in one `$patch`. @default 'microtask' */
  flush?: Exclude<Flush, 'sync'>
}

export interface BindingWorks<T, State> extends Binding<T, State> {
  channel: Channel<T, unknown>
  /** Changes the store in one go. */
  patch: (change: (state: State) => void) => void
  /** When to take a snapshot again that failed. */
  policy: RetryPolicy
  scheduler: SchedulerLike | undefined
  /** What went wrong; undefined: it is mended. */
  failed: (error: PushError | undefined) => void
  status: (event: Exclude<PushEvent<T>, { type: 'message' | 'gap' | 'invalid' }>) => void
}

/** A channel bound to a store, until it is left. */
export interface Bound {
  /** Takes a fresh snapshot. */
  refresh(): void
  leave(): void
}

/**
 * Binds one channel to one store. With a snapshot, messages are held back from the moment that one is due until it is
 * there; then it and they are committed together, so that nobody sees a state that never was.
 */
export function bindChannel<T, State>({
  snapshot,
  apply,
  flush = 'microtask',
  channel,
  patch,
  policy,
  scheduler = asyncScheduler,
  failed,
  status,
}: BindingWorks<T, State>): Bound {
  let waiting: PushMessage<T>[] = []
  // Which snapshot is being taken; what an older one brings is out of date.
  let taking = 0
  let rebuilding = false
  let failures = 0
  let presumed = false
  let opened = false
  let held: string | undefined
  let retry: Subscription | undefined

  const isHeld = ({ cursor }: PushMessage<T>): boolean =>
    held !== undefined && cursor !== undefined && (cursor === held || channel.isAfter(cursor, held) === false)

  /** Applies what waits. What throws is caught here, because a throw inside `$patch` would leave its subscribers deaf. */
  const applyTo = (state: State): unknown[] => {
    const thrown: unknown[] = []
    for (const message of waiting) {
      if (isHeld(message)) continue
      try {
        apply(state, message)
      } catch (cause) {
        thrown.push(cause)
        if (snapshot) break
      }
    }
    waiting = []
    return thrown
  }

  const commit = (replace?: (state: State) => void) => {
    let thrown: unknown[] = []
    patch((state) => {
      replace?.(state)
      thrown = applyTo(state)
    })
    const [cause] = thrown
    if (cause === undefined) {
      if (replace) mended()
      return
    }
    // What stands now may be half applied: only a fresh snapshot mends it.
    failed(new PushError('apply-failed', 'apply threw: mend it, what it threw is the cause', { cause }))
    if (snapshot) again()
    else console.error('pinia-push: apply threw', ...thrown)
  }
  const flusher = createFlusher(flush, () => {
    if (!rebuilding && waiting.length > 0) commit()
  })

  const mended = () => {
    failures = 0
    failed(undefined)
  }

  const again = () => {
    rebuilding = true
    failures += 1
    retry?.unsubscribe()
    retry = scheduler.schedule(take, policy.delay(failures) ?? 0)
  }

  const take = () => {
    if (!snapshot) return
    rebuilding = true
    const turn = (taking += 1)
    retry?.unsubscribe()
    Promise.resolve()
      .then(snapshot)
      .then(
        ({ state: fresh, cursor }) => {
          if (turn !== taking) return
          rebuilding = false
          held = cursor
          commit((state) => void Object.assign(state as object, fresh))
        },
        (cause: unknown) => {
          if (turn !== taking) return
          failed(new PushError('snapshot-failed', 'snapshot failed, and is tried again', { cause }))
          again()
        },
      )
  }

  const handle = (event: PushEvent<T>) => {
    switch (event.type) {
      case 'message':
        waiting.push(event)
        return flusher.request()
      case 'gap':
        // What waits came before the gap; the snapshot will hold it.
        return take()
      case 'invalid':
        return
      case 'open':
        // From here on nothing is missed, so a snapshot that is taken now misses nothing either.
        if (!opened || (presumed && !event.presumed)) take()
        opened = true
        presumed = event.presumed
        return status(event)
      case 'waiting':
      case 'failed':
        // A channel that cannot be reached keeps nobody from seeing what is there.
        if (!opened && taking === 0) take()
        return status(event)
      case 'idle':
      case 'connecting':
      case 'closed':
        return status(event)
    }
  }

  const subscription = channel.events$.subscribe(handle)
  return {
    refresh: take,
    leave() {
      subscription.unsubscribe()
      flusher.cancel()
      retry?.unsubscribe()
      taking += 1
    },
  }
}
