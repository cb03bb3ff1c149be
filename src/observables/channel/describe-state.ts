import type { PushState } from '../events.ts'
import type { PushStatus } from '../status.ts'
import { redactUrl } from '../internal/redact-url.ts'

/** How a channel is, as a person would say it. `left` until the next attempt, in ms. */
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
    said.unconfirmed && ', of which nothing was heard yet',
    said.reason && !more?.includes(said.reason) && `, because ${said.reason}`,
    said.by && ` by the ${said.by}`,
    said.pausedBy && ` (${said.pausedBy.join(', ')})`,
    said.attempt && `, after ${said.attempt} failures`,
    said.retryAt && `, and tries again in ${Math.max(0, Math.ceil(left / 1_000))} s`,
    said.error && `: ${said.error.message}`,
    more && `; ${more}`,
  ]
    .filter(Boolean)
    .join('')
}

/** All properties that one of several may have. */
type UnionOf<U> = { [K in U extends U ? keyof U : never]: U extends { [_ in K]?: infer V } ? V : never }
