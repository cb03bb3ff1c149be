import type { SchedulerLike } from 'rxjs'
import type { eventLog } from './event-log.ts'
import type { PushState } from '../events.ts'
import { redactUrl } from '../internal/redact-url.ts'

/**
 * Describes a channel's state in words. In production it returns the status and the error's code only.
 *
 * @param explain Returns how the technique describes the channel.
 */
export function describeState(
  url: string,
  log: Pick<ReturnType<typeof eventLog>, 'state' | 'present' | 'retryDue'>,
  scheduler: SchedulerLike,
  explain: () => string | undefined,
): string {
  const { status, error } = log.state.value
  if (process.env.NODE_ENV === 'production') return [status, error?.code].filter(Boolean).join(': ')
  const more = explain()
  const left = (log.retryDue ?? 0) - scheduler.now()
  const said: Partial<UnionOf<PushState>> = log.present
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
