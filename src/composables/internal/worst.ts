import type { PushStatus } from '../../observables/index.ts'

const SEVERITY = {
  idle: 0,
  open: 1,
  closed: 2,
  connecting: 3,
  reconnecting: 4,
  failed: 5,
} as const satisfies Record<PushStatus, number>

/** Returns the most severe status; `idle` if there is none. */
export const worst = (all: readonly { readonly status: PushStatus }[]): PushStatus =>
  all.reduce<PushStatus>((worst, { status }) => (SEVERITY[status] > SEVERITY[worst] ? status : worst), 'idle')
