import { take, type Observable, type Subscription } from 'rxjs'

/** Keeps the pending requests for the authorizations of topics, by subscription. */
export function topicAuthorizations() {
  const requests = new Map<number, Subscription>()
  return {
    add(
      id: number,
      authorization$: Observable<unknown>,
      observer: { next: (authorization: unknown) => void; error: (error: unknown) => void },
    ) {
      requests.set(id, authorization$.pipe(take(1)).subscribe(observer))
    },
    cancel(id: number) {
      requests.get(id)?.unsubscribe()
      requests.delete(id)
    },
    cancelAll() {
      for (const request of requests.values()) request.unsubscribe()
      requests.clear()
    },
  }
}
