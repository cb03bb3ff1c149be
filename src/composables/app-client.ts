import type { SchedulerLike } from 'rxjs'
import type { PushClient, RetryPolicy } from '../observables/index.ts'

/** A client that says by what it goes, so that what is built on it goes by the same. */
export interface AppClient extends PushClient {
  /** Its time. */
  readonly scheduler: SchedulerLike
  /** When it tries again. */
  readonly retry: RetryPolicy
  /** The namespace in which a cursor counts that the server gave elsewhere, with a snapshot say. */
  readonly namespace: string
}
