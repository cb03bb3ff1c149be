import { Observable, Subscription, type SchedulerLike } from 'rxjs'
import { batch } from '../composables/internal/batch.ts'
import { guarded } from '../composables/internal/error-reporter.ts'
import {
  PushError,
  pausable,
  type Channel,
  type PushEvent,
  type PushGap,
  type PushMessage,
  type RetryPolicy,
} from '../observables/index.ts'
import { internalsOf } from '../observables/channel/internal-channel.ts'
import { DEV } from '../observables/internal/dev.ts'
import { runAfter } from '../observables/internal/time.ts'
import type { BindingOptions } from './binding-options.ts'
import { committer } from './commit.ts'
import { messageBuffer } from './message-buffer.ts'
import { loadSnapshot, snapshotFailed, type Snapshot, type SnapshotPosition } from './snapshot.ts'
import { snapshotRetries } from './snapshot-retries.ts'
import { initialSyncState, transition, type SyncEffect, type SyncEvent } from './sync-state.ts'

export interface SyncStoreOptions<T, State> {
  channel: Channel<T, unknown>
  /** Returns the current binding, which hot module replacement changes. */
  binding: () => BindingOptions<T, State>
  /** Where the state is in the channel already, and the namespace of its cursor. Reading resumes there, without a snapshot. */
  from?: (SnapshotPosition & { cursor: string; namespace: string }) | undefined
  paused$: Observable<boolean>
  /** Changes the state in one commit. */
  patch: (change: (state: State) => void) => void
  /** When a snapshot that failed is loaded again. */
  policy: RetryPolicy
  scheduler: SchedulerLike
  /** Requests a fresh snapshot. The emitted function is called when it was applied, or has failed. */
  refresh$: Observable<() => void>
  /** Receives the error of the binding, or undefined when it is cleared. */
  fault: (error: PushError | undefined) => void
  /** Receives every error of the user's functions. */
  report: (error: unknown) => void
}

/** How many messages one commit applies at most, so that a page that was behind stays responsive. */
const MAX_COMMIT = 1_000

/** How many messages wait for a snapshot at most. */
const MAX_WAITING = 10_000

/** How long the first connection attempt may take before the snapshot is loaded without it, in ms. */
const OPEN_WITHIN = 2_000

/**
 * Keeps a state in step with a channel, and emits the channel's events. One subscription is one binding. It reads the
 * channel first and loads the snapshot then, so that no message is missed in between.
 */
export function syncStore<T, State extends object>({
  channel,
  binding,
  from,
  paused$,
  patch,
  policy,
  scheduler,
  refresh$,
  fault,
  report,
}: SyncStoreOptions<T, State>): Observable<PushEvent<T>> {
  return new Observable((subscriber) => {
    let state = initialSyncState({ resumes: !!from, loads: !!binding().snapshot })
    /** The state's task: it ends when the state changes. */
    let task = Subscription.EMPTY
    let refreshes: (() => void)[] = []
    const buffer = messageBuffer(internalsOf(channel, 'syncStore'), from ?? {}, () => binding().version)
    const retries = snapshotRetries(policy, scheduler)

    const dispatch = (event: SyncEvent, error?: PushError) => {
      const [next, ...effects] = transition(state, event)
      if (next !== state) task.unsubscribe()
      state = next
      for (const effect of effects) perform[effect](error)
    }

    const fail = (error: PushError) => {
      if (subscriber.closed) return
      fault(error)
      if (binding().snapshot) dispatch({ type: 'error' }, error)
    }

    const commit = committer({ buffer, binding, patch, ended: () => subscriber.closed, failed: fail, report })
    const commits = batch(binding().flush ?? 'microtask', scheduler, () => commit())

    /** Messages that the snapshot may or may not include would be applied twice or never, so another one is loaded. */
    const failForeign = () => {
      buffer.clear()
      fail(new PushError('snapshot-failed', FOREIGN))
    }

    const onSnapshot = ({ state: loaded, cursor, version }: Snapshot<State>) => {
      if (!buffer.startAt({ cursor, version })) return failForeign()
      retries.loaded()
      fault(undefined)
      dispatch({ type: 'loaded' })
      commit(loaded)
    }

    const perform: Readonly<Record<SyncEffect, (error?: PushError) => void>> = {
      load() {
        const { snapshot } = binding()
        if (!snapshot) return dispatch({ type: 'no-snapshot' })
        // Assigned before it begins, because it may fail at once.
        const loading = (task = new Subscription())
        const error = (cause: unknown) => fail(snapshotFailed(cause))
        loading.add(loadSnapshot(snapshot, scheduler).subscribe({ next: onSnapshot, error }))
      },
      'plan-retry'(error) {
        const delay = retries.delay(error)
        if (typeof delay === 'number') return dispatch({ type: 'retry', delay })
        buffer.clear()
        fault(delay)
        dispatch({ type: 'give-up' })
      },
      'await-delay'() {
        if (state.phase === 'backoff') task = runAfter(state.delay, scheduler, () => dispatch({ type: 'due' }))
      },
      'await-open'() {
        task = runAfter(OPEN_WITHIN, scheduler, () => dispatch({ type: 'slow' }))
      },
      apply: commits.request,
      'settle-refresh'() {
        const settled = refreshes
        refreshes = []
        for (const settle of settled) settle()
      },
    }

    const onMessage = (message: PushMessage<T>) => {
      if (state.phase === 'stale') return
      if (state.phase === 'live') {
        if (buffer.isForeign(message)) {
          commits.flush()
          return failForeign()
        }
        buffer.add(message)
        commits.request()
        if (buffer.size >= MAX_COMMIT) commits.flush()
        return
      }
      buffer.add(message)
      if (buffer.size <= MAX_WAITING) return
      buffer.clear()
      if (state.phase === 'loading') fail(new PushError('snapshot-failed', OVERFLOW))
    }

    const onGap = (gap: PushGap) => {
      commits.flush()
      const { snapshot, onGap: handler } = binding()
      if (handler) guarded(handler, report)(gap)
      if (!snapshot) return
      buffer.clear()
      dispatch(gap)
    }

    /** No message arrives until the channel is read again: those that arrived are applied now. */
    const onIdle = (event: Extract<PushEvent<T>, { type: 'idle' }>) => {
      commits.flush()
      if (state.phase !== 'live') retries.reset()
      dispatch(event)
    }

    const next = (event: PushEvent<T>) => {
      if (event.type === 'message') onMessage(event)
      else if (event.type === 'gap') onGap(event)
      else if (event.type === 'idle') onIdle(event)
      else if (event.type !== 'invalid') dispatch(event)
      subscriber.next(event)
    }

    subscriber.add(() => {
      commits.cancel()
      task.unsubscribe()
      perform['settle-refresh']()
    })
    subscriber.add(
      refresh$.subscribe((settle) => {
        commits.flush()
        retries.reset()
        refreshes.push(settle)
        dispatch({ type: 'refresh' })
      }),
    )
    const position = from && { namespace: from.namespace, value: from.cursor, opened: true }
    return pausable(channel, paused$, position).subscribe(next)
  })
}

const FOREIGN =
  DEV &&
  'The snapshot does not fit the messages: its `cursor` is from another epoch of the channel. Read the cursor from the server that sends the messages.'

const OVERFLOW =
  DEV &&
  `The snapshot is late: ${MAX_WAITING} messages arrived before it. It is loaded again. Let it load faster, or send fewer messages.`
