import type { SchedulerLike } from 'rxjs'
import type { eventLog } from './event-log.ts'
import type { PushState } from '../events.ts'

/**
 * Describes a channel's state in sentences. In production it returns the status and the error's code only.
 *
 * @param explain Returns how the technique describes the channel, in sentences.
 */
export function describeState(
  name: string | false,
  log: Pick<ReturnType<typeof eventLog>, 'state' | 'present' | 'retryDue'>,
  scheduler: SchedulerLike,
  explain: () => string | undefined,
): string {
  const { status, error } = log.state.value
  if (process.env.NODE_ENV === 'production') return [status, error?.code].filter(Boolean).join(': ')
  const more = explain()
  const left = (log.retryDue ?? 0) - scheduler.now()
  const present: Partial<UnionOf<PushState>> = log.present
  const first = [
    `${name} is ${status}`,
    present.technique && ` by ${present.technique}`,
    present.unconfirmed && ', and has received nothing yet',
    present.by && ` by the ${present.by}`,
    present.pausedBy && ` (${present.pausedBy.join(', ')})`,
    present.attempt && `, after ${present.attempt} failures`,
    present.retryAt && `, and retries in ${Math.max(0, Math.ceil(left / 1_000))} s`,
  ]
  const sentences = [
    first.filter(Boolean).join(''),
    present.reason && !more?.includes(present.reason) && `Reason: ${present.reason}`,
    present.error && `Error: ${present.error.message}`,
    more,
  ]
  return sentences.flatMap((text) => (text ? [text.replace(/\.?$/, '.')] : [])).join(' ')
}

/** An object type with the properties of all members of a union. */
type UnionOf<U> = { [K in U extends U ? keyof U : never]: U extends { [_ in K]?: infer V } ? V : never }
