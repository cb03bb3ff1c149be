import { EMPTY, Subscription, finalize, share, tap, type Observable, type SchedulerLike } from 'rxjs'
import { renewalTime } from '../connection/token-expiry.ts'
import type { PushError } from '../errors.ts'
import { runAfter } from '../internal/time.ts'

/** What a connection was made with. */
export interface ConnectionCredentials {
  /** The token of `auth`; undefined: there is none. */
  readonly token: { readonly value: string; readonly expiresAt: number | undefined } | undefined
  /** When the first of them expires, in ms since the epoch: the token, or what `prepareRequest` returned. */
  readonly validUntil: number | undefined
}

/** Asks for other credentials, within a time limit. `rejected`: the server rejected the present ones. */
export type AskCredentials = (rejected: boolean) => Observable<ConnectionCredentials>

export interface TokenRenewalOptions {
  readonly credentials: ConnectionCredentials
  readonly ask: AskCredentials
  /** Gives the server another token. Undefined: the conversation cannot. */
  readonly refresh: ((token: string) => void) | undefined
  /** Connects again, unless a topic would lack messages. */
  readonly recycle: () => void
  readonly scheduler: SchedulerLike
  /** The connection. */
  readonly connection: Subscription
}

/**
 * Gives the server another token in place of one that it rejected for a topic, unless that was done meanwhile. Completes
 * then.
 */
export type Renew = () => Observable<unknown>

/** Whether another token may help after a topic was rejected. A user who has no right (403) would still have none. */
export const mayRenew = ({ code, status }: PushError, renew: Renew | undefined): renew is Renew =>
  code === 'unauthorized' && status !== 403 && renew !== undefined

/** Renews the token that a topic was rejected with, and completes. It completes at once after another error. */
export const renewalAfter = (error: PushError, renew: Renew | undefined): Observable<unknown> =>
  mayRenew(error, renew) ? renew() : EMPTY

/** How long after a failure credentials that have expired are asked for again, in ms. */
const RETRY_EXPIRED = 30_000

/**
 * Renews the credentials of one connection shortly before they expire. The connection stays open while other ones cannot
 * be had, because only the server knows whether it accepts the present ones. They are asked for again.
 *
 * Returns a function that returns what renews the present token; of a topic that is subscribed, any later one.
 * Undefined: the conversation cannot give the server another one.
 */
export function renewToken({
  credentials,
  ask,
  refresh,
  recycle,
  scheduler,
  connection,
}: TokenRenewalOptions): (isSubscribed?: boolean) => Renew | undefined {
  let { token, validUntil } = credentials
  let timer = Subscription.EMPTY
  let pending$: Observable<ConnectionCredentials> | undefined

  /** `otherwise`: the delay where they have expired, in ms. */
  const schedule = (otherwise = Infinity) => {
    timer.unsubscribe()
    const at = renewalTime(validUntil, scheduler)
    const delay = at === undefined ? otherwise : at - scheduler.now()
    connection.add(
      (timer = runAfter(delay, scheduler, () => connection.add(askOnce(false).subscribe({ error: retry })))),
    )
  }
  const retry = () => schedule(RETRY_EXPIRED)
  const renewed = (next: ConnectionCredentials, rejected: boolean) => {
    // What `prepareRequest` returned is part of the request.
    const isOfToken = rejected || token?.expiresAt === validUntil
    if (!refresh || !next.token || !isOfToken) {
      recycle()
      return retry()
    }
    if (next.token.value !== token?.value) refresh(next.token.value)
    ;({ token, validUntil } = next)
    schedule()
  }
  /** Topics that are rejected together share one call. */
  const askOnce = (rejected: boolean) =>
    (pending$ ??= ask(rejected).pipe(
      tap((next) => renewed(next, rejected)),
      finalize(() => (pending$ = undefined)),
      share(),
    ))

  schedule()
  return (isSubscribed) => {
    const present = token
    return refresh && present && (() => (isSubscribed || present === token ? askOnce(true) : EMPTY))
  }
}
