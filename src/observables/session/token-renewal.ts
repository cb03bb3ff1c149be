import { EMPTY, Subscription, finalize, share, tap, type Observable, type SchedulerLike } from 'rxjs'
import { renewalTime } from '../connection/token-expiry.ts'
import type { PushError } from '../errors.ts'
import { runAfter } from '../internal/time.ts'

/** The credentials of a connection. */
export interface ConnectionCredentials {
  /** The token of `auth`; undefined: there is none. */
  readonly token: { readonly value: string; readonly expiresAt: number | undefined } | undefined
  /** When the token or the result of `prepareRequest` expires, whichever is first, in ms since the epoch. */
  readonly validUntil: number | undefined
}

/** Requests other credentials, within a time limit. `rejected`: the server rejected the current ones. */
export type AskCredentials = (rejected: boolean) => Observable<ConnectionCredentials>

export interface TokenRenewalOptions {
  readonly credentials: ConnectionCredentials
  readonly ask: AskCredentials
  /** Sends the server another token. Undefined: the conversation cannot. */
  readonly refresh: ((token: string) => void) | undefined
  /** Reconnects, unless a topic could then miss messages. */
  readonly recycle: () => void
  readonly scheduler: SchedulerLike
  /** The connection. */
  readonly connection: Subscription
}

/**
 * Sends the server another token, because it rejected a topic with the current one, and completes. It does nothing if the
 * token was already replaced.
 */
export type Renew = () => Observable<unknown>

/**
 * Returns whether to renew the token after a topic was rejected. 403 means that the user lacks the permission, so another
 * token would not help.
 */
export const mayRenew = ({ code, status }: PushError, renew: Renew | undefined): renew is Renew =>
  code === 'unauthorized' && status !== 403 && renew !== undefined

/** Renews the token that a topic was rejected with, and completes. It completes at once after another error. */
export const renewalAfter = (error: PushError, renew: Renew | undefined): Observable<unknown> =>
  mayRenew(error, renew) ? renew() : EMPTY

/** How long after a failure expired credentials are requested again, in ms. */
const RETRY_EXPIRED = 30_000

/**
 * Renews the credentials of one connection shortly before they expire. If other ones cannot be obtained, the connection
 * stays open, because only the server knows whether it accepts the current ones. They are requested again later.
 *
 * The returned function returns the `Renew` of a topic: it renews the current token and, if the topic is subscribed, any
 * later one. It is undefined if the conversation cannot send the server another token.
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

  /** @param otherwise The delay if the credentials have expired, in ms. */
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
    // The result of `prepareRequest` is part of the request, so only another connection can replace it.
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
