import type { PushState } from '../events.ts'
import type { PushStatus } from '../status.ts'
import { redactUrl } from '../internal/redact-url.ts'

/** Describes a channel's state in words. `left` is the time until the next attempt, in ms. */
export function describeState(
  url: string,
  status: PushStatus,
  state: PushState,
  left: number,
  more: string | undefined,
): string {
  const said: Partial<UnionOf<PushState>> = state
  return [
    `${redactUrl(url)} is ${status}`,
    said.technique && ` by ${said.technique}`,
    said.unconfirmed && ', and has received nothing yet',
    said.reason && !more?.includes(said.reason) && `, because ${said.reason}`,
    said.by && ` by the ${said.by}`,
    said.pausedBy && ` (${said.pausedBy.join(', ')})`,
    said.attempt && `, after ${said.attempt} failures`,
    said.retryAt && `, and retries in ${Math.max(0, Math.ceil(left / 1_000))} s`,
    said.error && `: ${said.error.message}`,
    more && `; ${more}`,
  ]
    .filter(Boolean)
    .join('')
}

/** An object type with the properties of all members of a union. */
type UnionOf<U> = { [K in U extends U ? keyof U : never]: U extends { [_ in K]?: infer V } ? V : never }
