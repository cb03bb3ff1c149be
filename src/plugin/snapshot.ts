import { Observable, defer, map } from 'rxjs'

/** The state that a store begins from. */
export interface Snapshot<State> {
  /** Its keys replace the store's; others stay. */
  state: Partial<State>
  /** The channel's place that the state holds, read before the state was. */
  cursor?: string | undefined
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
        .pipe(map(({ state, cursor }) => ({ state, cursor })))
        .subscribe(subscriber)
    )
  })
