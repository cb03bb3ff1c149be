import type { PushState } from '../events.ts'
import { shown } from '../internal/format.ts'

/** How a channel is, as a person would say it. `left` until the next attempt, in ms. */
export function explained(url: string, state: PushState, left: number, more: string | undefined): string {
  const said: Partial<UnionOf<PushState>> = state
  return [
    `${shown(url)} is ${state.type}`,
    said.technique && ` by ${said.technique}`,
    said.presumed && ', of which nothing was heard yet',
    said.why && !more?.includes(said.why) && `, because ${said.why}`,
    said.by && ` by the ${said.by}`,
    said.paused && ` (${said.paused.join(', ')})`,
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
