import { Observable, defer, map, type SchedulerLike } from 'rxjs'
import { PushError } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import { errorMessage } from '../observables/internal/redact-url.ts'
import { firstWithin, hostScheduler } from '../observables/internal/time.ts'

/** How much of a channel a state includes. */
export interface SnapshotPosition {
  /** The channel's cursor, read before the state was. */
  cursor?: string | undefined
  /** The number of the last message that the state includes, for a binding with `version`. */
  version?: number | undefined
}

/** The state that a store starts from. */
export interface Snapshot<State> extends SnapshotPosition {
  /** Its keys replace the store's. Other keys stay. */
  state: Partial<State>
}

/** Loads a snapshot. `signal` aborts when the snapshot is no longer needed, and after 30 s. */
export type LoadSnapshot<State> = (context: { signal: AbortSignal }) => Promise<Snapshot<State>>

/** How long a snapshot may take, in ms. Messages would wait forever for one that never settles. */
const SNAPSHOT_WITHIN = 30_000

/** Emits one snapshot. Unsubscribing aborts it, and so do 30 s. */
export const loadSnapshot = <State>(
  load: LoadSnapshot<State>,
  scheduler: SchedulerLike = hostScheduler,
): Observable<Snapshot<State>> =>
  new Observable((subscriber) => {
    const aborter = new AbortController()
    subscriber.add(() => aborter.abort())
    return (
      defer(() => load({ signal: aborter.signal }))
        // A value that is not a snapshot must fail here, where the load is retried.
        .pipe(
          map(({ state, cursor, version }) => ({ state, cursor, version })),
          firstWithin(SNAPSHOT_WITHIN, scheduler, late),
        )
        .subscribe(subscriber)
    )
  })

const late = () => new Error(DEV ? `it did not settle within ${SNAPSHOT_WITHIN} ms` : undefined)

/** The error of a snapshot that could not be loaded or assigned. */
export const snapshotFailed = (cause: unknown) =>
  new PushError(
    'snapshot-failed',
    DEV && `The snapshot failed: ${errorMessage(cause)}. Check \`snapshot\` and its server.`,
    {
      cause,
    },
  )
