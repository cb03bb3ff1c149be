import type { PushEvent } from './events.ts'

export type PushStatus = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed' | 'failed'

/** The status after each event: a total function, so that status needs no state of its own. */
export const STATUS_AFTER = {
  idle: 'idle',
  connecting: 'connecting',
  open: 'open',
  message: 'open',
  invalid: 'open',
  gap: 'open',
  waiting: 'waiting',
  closed: 'closed',
  failed: 'failed',
} as const satisfies Record<PushEvent<unknown>['type'], PushStatus>
