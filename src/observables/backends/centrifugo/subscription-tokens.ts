import { catchError, defer, map, throwError, type Observable } from 'rxjs'
import { DEV } from '../../internal/dev.ts'
import { PushError, fault } from '../../errors.ts'
import type { CentrifugoOptions, CentrifugoSubscription } from './options.ts'

/** Requests the token of a channel. The error names the channel. */
export const subscriptionTokens = (
  subscriptionToken: NonNullable<CentrifugoOptions['subscriptionToken']>,
  subscription: CentrifugoSubscription,
): Observable<string | undefined> =>
  defer(() => Promise.resolve(subscriptionToken(subscription))).pipe(
    map((token: unknown) => {
      if (token === undefined || typeof token === 'string') return token
      throw new PushError('invalid-option', DEV && `it is a ${typeof token}. Return a string, or undefined.`)
    }),
    catchError((cause: unknown) => {
      const { code, message, status, retryAfter } = fault(cause, 'unavailable', DEV && '`subscriptionToken` failed.')
      const named = DEV && `Token of topic "${subscription.topic}" not received: ${message}`
      return throwError(() => new PushError(code, named, { cause, status, retryAfter }))
    }),
  )
