import type { PushStatus } from '../../observables/index.ts'

const TROUBLE = { idle: 0, open: 1, closed: 2, connecting: 3, reconnecting: 4, failed: 5 } as const satisfies Record<
  PushStatus,
  number
>

/** The least well of some; `idle` where there is none. */
export const worst = (all: readonly { readonly status: PushStatus }[]): PushStatus =>
  all.reduce<PushStatus>((worst, { status }) => (TROUBLE[status] > TROUBLE[worst] ? status : worst), 'idle')
