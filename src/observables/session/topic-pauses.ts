import { Observable, Subject, Subscription, defer, merge, of } from 'rxjs'
import type { LifecycleSignals } from '../connection/lifecycle.ts'

/** How long a topic stays connected in a hidden page, in ms; `false`: always; undefined: the limit of the lifecycle. */
export type HiddenLimit = number | false | undefined

/** Decides when the connection of several topics pauses. */
export interface TopicPauses {
  /** A topic is read from now on. Returns its undo. */
  add(limit: HiddenLimit): () => void
  /** Returns the signals of the connection, which has a reason to pause while each of its topics has one. */
  signals(signalsOf: (limit: HiddenLimit) => LifecycleSignals): LifecycleSignals
}

/** Counts the topics of each limit. The cost of a signal depends on the number of different limits, not on that of topics. */
export function topicPauses(): TopicPauses {
  const counts = new Map<HiddenLimit, number>()
  const changes$ = new Subject<void>()

  const count = (limit: HiddenLimit, by: 1 | -1) => {
    const number = (counts.get(limit) ?? 0) + by
    if (number > 0) counts.set(limit, number)
    else counts.delete(limit)
    if (number === 0 || (number === 1 && by === 1)) changes$.next()
  }

  return {
    add(limit) {
      count(limit, 1)
      return () => count(limit, -1)
    },
    signals(signalsOf) {
      const pause$ = new Observable<readonly string[]>((subscriber) => {
        /** The present reasons of the topics of each limit. */
        const reasons = new Map<HiddenLimit, readonly string[]>()
        const watched = new Map<HiddenLimit, Subscription>()
        let isFollowing = false

        const emit = () => {
          if (isFollowing) return
          const all = [...counts.keys()].map((limit) => reasons.get(limit) ?? [])
          subscriber.next(all.every(({ length }) => length > 0) ? [...new Set(all.flat())] : [])
        }
        const watch = (limit: HiddenLimit) =>
          defer(() => signalsOf(limit).pause$ ?? of([])).subscribe({
            next(pausedBy) {
              reasons.set(limit, pausedBy)
              emit()
            },
            error: (error: unknown) => subscriber.error(error),
          })
        const follow = () => {
          isFollowing = true
          for (const [limit, subscription] of watched) {
            if (counts.has(limit)) continue
            subscription.unsubscribe()
            watched.delete(limit)
            reasons.delete(limit)
          }
          for (const limit of counts.keys()) if (!watched.has(limit)) watched.set(limit, watch(limit))
          isFollowing = false
          emit()
        }
        subscriber.add(() => {
          for (const subscription of watched.values()) subscription.unsubscribe()
        })
        return merge(of(undefined), changes$).subscribe(follow)
      })
      return { ...signalsOf(undefined), pause$ }
    },
  }
}
