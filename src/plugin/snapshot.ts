import { Observable, defer, map } from 'rxjs'

/** How much of a channel a state holds. */
export interface Held {
  /** The channel's place, read before the state was. */
  cursor?: string | undefined
  /** The number of the last message that the state holds, where messages carry one (`version` of the binding). */
  version?: number | undefined
}

/** The state that a store begins from. */
export interface Snapshot<State> extends Held {
  /** Its keys replace the store's; others stay. */
  state: Partial<State>
}

/** `signal` aborts when the snapshot is of no use any more. */
export type TakeSnapshot<State> = (context: { signal: AbortSignal }) => Promise<Snapshot<State>>

/** One snapshot. Unsubscribing aborts it. */
export const taken = <State>(take: TakeSnapshot<State>): Observable<Snapshot<State>> =>
  new Observable((subscriber) => {
    const aborter = new AbortController()
    subscriber.add(() => aborter.abort())
    return (
      defer(() => take({ signal: aborter.signal }))
        // What is no snapshot fails here, where it is tried again.
        .pipe(map(({ state, cursor, version }) => ({ state, cursor, version })))
        .subscribe(subscriber)
    )
  })
