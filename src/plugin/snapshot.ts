import { Observable, defer, map, type SchedulerLike } from 'rxjs'
import { firstWithin, hostScheduler } from '../observables/internal/time.ts'

/** How much of a channel a state holds. */
export interface SnapshotPosition {
  /** The channel's place, read before the state was. */
  cursor?: string | undefined
  /** The number of the last message that the state holds, where messages carry one (`version` of the binding). */
  version?: number | undefined
}

/** The state that a store begins from. */
export interface Snapshot<State> extends SnapshotPosition {
  /** Its keys replace the store's; others stay. */
  state: Partial<State>
}

/** `signal` aborts when the snapshot is of no use any more. */
export type LoadSnapshot<State> = (context: { signal: AbortSignal }) => Promise<Snapshot<State>>

/** How long a snapshot may take, in ms: one that never settles would leave messages waiting for ever. */
const SNAPSHOT_WITHIN = 30_000

/** One snapshot. Unsubscribing, and taking over 30 s, aborts it. */
export const loadSnapshot = <State>(
  take: LoadSnapshot<State>,
  scheduler: SchedulerLike = hostScheduler,
): Observable<Snapshot<State>> =>
  new Observable((subscriber) => {
    const aborter = new AbortController()
    subscriber.add(() => aborter.abort())
    return (
      defer(() => take({ signal: aborter.signal }))
        // What is no snapshot fails here, where it is tried again.
        .pipe(
          map(({ state, cursor, version }) => ({ state, cursor, version })),
          firstWithin(SNAPSHOT_WITHIN, scheduler, late),
        )
        .subscribe(subscriber)
    )
  })

const late = () => new Error(`it did not settle within ${SNAPSHOT_WITHIN} ms. Let its request end, or reject.`)
