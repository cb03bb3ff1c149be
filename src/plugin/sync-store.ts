import { Observable, Subscription, type SchedulerLike } from 'rxjs'
import { batch, type Flush } from '../composables/internal/batch.ts'
import { guarded, watchRejection } from '../composables/internal/guarded.ts'
import {
  PushError,
  pausable,
  type Channel,
  type PushEvent,
  type PushGap,
  type PushMessage,
  type RetryPolicy,
} from '../observables/index.ts'
import { delayOf } from '../observables/connection/backoff.ts'
import { DEV } from '../observables/internal/dev.ts'
import { errorMessage } from '../observables/internal/redact-url.ts'
import { loadSnapshot, type SnapshotPosition, type Snapshot, type LoadSnapshot } from './snapshot.ts'
import { runAfter } from '../observables/internal/time.ts'

/** How a channel's messages become a store's state. */
export interface BindingOptions<T, State> {
  /**
   * Fetches the state that the messages change: when the channel is first open, and after every gap. Messages that
   * come meanwhile wait, and are applied on top in the same commit, but for those that the state holds already: by
   * `cursor` (the channel's place, read before the state was) or by `version`. With neither, `apply` must bear to see
   * a message that the state holds.
   */
  snapshot?: LoadSnapshot<State>
  /** The number that a message carries: one that is not above the snapshot's `version` is in its state already. */
  version?: (data: T) => number
  /**
   * Changes the state by one message. What it throws is told by `error`; with a `snapshot` it is mended like a gap,
   * without one the next message is applied all the same.
   */
  apply: (state: State, message: PushMessage<T>) => void
  /** Messages may be missing. With a `snapshot` they are made good. */
  onGap?: (gap: PushGap) => void
  /** All that came until then is one commit; more than 1,000 messages are several. @default 'microtask' */
  flush?: Exclude<Flush, 'sync'>
}

export interface SyncStoreOptions<T, State> {
  channel: Channel<T, unknown>
  /** What is bound now: hot module replacement changes it. */
  binding: () => BindingOptions<T, State>
  /** What the state holds already, and in which namespace its cursor counts: it is gone on from, without a snapshot. */
  from?: (SnapshotPosition & { cursor: string; namespace: string }) | undefined
  paused$: Observable<boolean>
  /** Changes the state in one commit. */
  patch: (change: (state: State) => void) => void
  /** When to take a snapshot that failed again. */
  policy: RetryPolicy
  scheduler: SchedulerLike
  /** Asks for a fresh snapshot, and hears when that is in, or has failed. */
  refresh$: Observable<() => void>
  /** What is wrong with the binding now; undefined: nothing. */
  fault: (error: PushError | undefined) => void
  /** Hears of every throw of the user's functions. */
  report: (error: unknown) => void
}

/**
 * - `live`: messages are applied as they come.
 * - `due`: a snapshot will be taken; messages wait.
 * - `taking`: it is being taken; messages wait.
 * - `stale`: the policy gave up; messages are of no use.
 */
type Phase = 'live' | 'due' | 'taking' | 'stale'

/** How many messages one commit holds at most, so that a page that was behind is not kept by one for long. */
const MOST = 1_000

/** How many messages wait for a snapshot at most. */
const LIMIT = 10_000

/**
 * Keeps a state in step with a channel, and says what the channel says. One subscription is one binding: it reads the
 * channel first and takes the snapshot then, so that nothing falls between.
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
    let phase: Phase = from || !binding().snapshot ? 'live' : 'due'
    let waiting: PushMessage<T>[] = []
    let held: SnapshotPosition = from ?? {}
    let taking = Subscription.EMPTY
    let seen: 'nothing' | 'trouble' | 'presumed' | 'open' = from ? 'open' : 'nothing'
    let failures = 0
    let failingSince = 0
    let settledAt: number | undefined
    /** Who asked for a snapshot. */
    let refreshWaiters: (() => void)[] = []

    const resolveWaiters = () => {
      const hearers = refreshWaiters
      refreshWaiters = []
      for (const hear of hearers) hear()
    }

    /** Of another life of the channel than the snapshot's place: nothing tells whether the snapshot holds it. */
    const isForeign = ({ cursor }: PushMessage<T>) => {
      const { cursor: at } = held
      if (at === undefined || cursor === undefined || channel.isAfter(cursor, at) !== undefined) return false
      // Where no two cursors have an order, this says nothing of lives.
      return channel.isAfter(at, at) !== undefined
    }

    const holds = ({ data, cursor }: PushMessage<T>) => {
      const { cursor: at, version: last } = held
      if (at !== undefined && cursor !== undefined) {
        const isAfter = channel.isAfter(cursor, at)
        if (cursor === at || isAfter === false) return true
        // Messages come in order: no later one is held either.
        if (isAfter) held = { version: last }
      }
      const { version } = binding()
      return last !== undefined && version !== undefined && version(data) <= last
    }

    const commit = (state?: Partial<State>) => {
      const messages = waiting
      waiting = []
      if (!state && messages.length === 0) return
      const { snapshot, apply } = binding()
      let failed: PushError | undefined
      const fail = (code: 'apply-failed' | 'snapshot-failed', cause: unknown) => {
        const what = code === 'apply-failed' ? 'apply' : 'the snapshot'
        const error = new PushError(code, `${what}: ${errorMessage(cause)}`, { cause })
        report(error)
        return error
      }
      // A throw that left `$patch` would leave the store's subscribers deaf, so none does.
      const attempt = (code: 'apply-failed' | 'snapshot-failed', work: () => void) => {
        try {
          work()
        } catch (cause) {
          failed = fail(code, cause)
        }
      }
      const mend = (error: PushError) => {
        if (subscriber.closed) return
        if (snapshot) scheduleSnapshot(error)
        else fault(error)
      }
      const applyOne = (current: State, message: PushMessage<T>) => {
        const result: unknown = apply(current, message)
        watchRejection(result, (cause) => mend(fail('apply-failed', cause)))
      }
      patch((current) => {
        attempt('snapshot-failed', () => Object.assign(current, state))
        for (const [index, message] of messages.entries()) {
          // What a message changed may have moved the binding to another channel.
          if (subscriber.closed) return
          if (failed && snapshot) {
            waiting = [...messages.slice(index), ...waiting]
            return
          }
          attempt('apply-failed', () => {
            if (!holds(message)) applyOne(current, message)
          })
        }
      })
      if (failed) mend(failed)
    }
    const commits = batch(binding().flush ?? 'microtask', scheduler, () => commit())

    const onSnapshot = ({ state, cursor, version }: Snapshot<State>) => {
      held = { cursor, version }
      if (waiting.some(isForeign)) return foreign()
      // Cursors without an order still tell that what came before an equal one is held too.
      waiting = waiting.slice(waiting.findLastIndex((message) => cursor !== undefined && message.cursor === cursor) + 1)
      phase = 'live'
      settledAt = scheduler.now()
      fault(undefined)
      commit(state)
      resolveWaiters()
    }

    const onSnapshotError = (cause: unknown) =>
      scheduleSnapshot(new PushError('snapshot-failed', `the snapshot failed: ${errorMessage(cause)}`, { cause }))

    const take = () => {
      const { snapshot } = binding()
      taking.unsubscribe()
      phase = snapshot ? 'taking' : 'live'
      if (!snapshot) {
        commits.ask()
        return resolveWaiters()
      }
      // Held before it begins, because it may fail, and be taken again, at once.
      const next = (taking = new Subscription())
      next.add(loadSnapshot(snapshot, scheduler).subscribe({ next: onSnapshot, error: onSnapshotError }))
    }

    /** Takes a fresh snapshot: at once after one gap; as the policy says after an error, or where gaps follow fast. */
    const scheduleSnapshot = (error?: PushError) => {
      if (error) {
        fault(error)
        resolveWaiters()
      }
      if (phase === 'due') return
      taking.unsubscribe()
      if (settledAt !== undefined && scheduler.now() - settledAt >= policy.resetAfter) failures = 0
      settledAt = undefined
      if (failures === 0) failingSince = scheduler.now()
      const elapsed = scheduler.now() - failingSince
      const delay = !error && failures === 0 ? 0 : delayOf(policy, error ? failures + 1 : failures, error, elapsed)
      failures += 1
      if (typeof delay !== 'number') {
        phase = 'stale'
        waiting = []
        if (delay) fault(delay)
        else if (!error) fault(new PushError('retries-exhausted', DEV && 'too many gaps: refresh() takes a snapshot'))
        resolveWaiters()
      } else if (delay === 0) take()
      else {
        phase = 'due'
        taking = runAfter(delay, scheduler, take)
      }
    }

    /** Messages that the snapshot may hold, or not, would be applied twice or never: another snapshot is taken. */
    const foreign = () => {
      waiting = []
      held = {}
      scheduleSnapshot(
        new PushError(
          'snapshot-failed',
          DEV &&
            "the snapshot's `cursor` is of another life of the channel than its messages: read it from the hub that sends them",
        ),
      )
    }

    const message = (event: PushMessage<T>) => {
      if (phase === 'stale') return
      if (phase === 'live' && isForeign(event)) {
        commits.now()
        return foreign()
      }
      waiting.push(event)
      if (phase === 'live') {
        commits.ask()
        if (waiting.length >= MOST) commits.now()
        return
      }
      if (waiting.length <= LIMIT) return
      waiting = []
      if (phase === 'taking')
        scheduleSnapshot(new PushError('snapshot-failed', DEV && `${LIMIT} messages came and the snapshot did not`))
    }

    const gap = (event: PushGap) => {
      commits.now()
      const { snapshot, onGap } = binding()
      if (onGap) guarded(onGap, report)(event)
      if (!snapshot) return
      waiting = []
      held = {}
      scheduleSnapshot()
    }

    const opened = (now: 'presumed' | 'open') => {
      // What was taken before it was open for certain may lack what came until then.
      if (seen !== 'open' && seen !== now) take()
      if (seen !== 'open') seen = now
    }

    const troubled = () => {
      if (seen !== 'nothing') return
      // A page whose push is down still shows what there is.
      seen = 'trouble'
      take()
    }

    /** Nobody reads: what came is shown, and nothing changes until it is open again. */
    const onIdle = () => {
      commits.now()
      if (phase === 'live') return
      taking.unsubscribe()
      phase = 'due'
      seen = 'nothing'
      failures = 0
      resolveWaiters()
    }

    const next = (event: PushEvent<T>) => {
      if (event.type === 'message') message(event)
      else if (event.type === 'gap') gap(event)
      else if (event.type === 'open') opened(event.unconfirmed ? 'presumed' : 'open')
      else if (event.type === 'idle') onIdle()
      else if (TROUBLE.has(event.type)) troubled()
      subscriber.next(event)
    }

    subscriber.add(() => {
      commits.cancel()
      taking.unsubscribe()
      resolveWaiters()
    })
    subscriber.add(
      refresh$.subscribe((hear) => {
        commits.now()
        failures = 0
        refreshWaiters.push(hear)
        take()
      }),
    )
    const place = from && { namespace: from.namespace, value: from.cursor, opened: true }
    return pausable(channel, paused$, place).subscribe(next)
  })
}

const TROUBLE: ReadonlySet<PushEvent<unknown>['type']> = new Set(['reconnecting', 'closed', 'failed'])
