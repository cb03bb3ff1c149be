import type { PushState } from '../observables/events.ts'

/**
 * How the channel was connected when the newest snapshot was requested. A snapshot that was requested before the channel
 * was open for certain may lack messages, so another one is loaded once it is open.
 */
export type SnapshotBasis = 'none' | 'disconnected' | 'unconfirmed' | 'open'

/** How a store is kept in step with its channel. Each state has at most one task, which ends with it. */
export type SyncState =
  /** The channel does not connect, and no snapshot was requested. Messages wait. */
  | { readonly phase: 'idle'; readonly basis: 'none' }
  /** The first connection attempt runs, for a limited time. Messages wait. */
  | { readonly phase: 'connecting'; readonly basis: 'none' }
  /** A snapshot loads. Messages wait for it. */
  | { readonly phase: 'loading'; readonly basis: SnapshotBasis }
  /** The next load begins after `delay` ms. Messages wait. */
  | { readonly phase: 'backoff'; readonly basis: SnapshotBasis; readonly delay: number }
  /** Messages are applied as they arrive. */
  | { readonly phase: 'live'; readonly basis: SnapshotBasis }
  /** The retry policy gave up. Messages are dropped. */
  | { readonly phase: 'stale'; readonly basis: SnapshotBasis }

/** Everything but messages that changes the state. */
export type SyncEvent =
  | PushState
  | { readonly type: 'gap' }
  /** The first connection attempt took too long. */
  | { readonly type: 'slow' }
  /** A snapshot could not be loaded, or the messages do not fit it. */
  | { readonly type: 'error' }
  | { readonly type: 'loaded' }
  /** The binding has no snapshot to load. */
  | { readonly type: 'no-snapshot' }
  /** The retry policy returned this delay, in ms. */
  | { readonly type: 'retry'; readonly delay: number }
  | { readonly type: 'give-up' }
  /** The delay is over. */
  | { readonly type: 'due' }
  | { readonly type: 'refresh' }

/**
 * What a transition asks for.
 *
 * - `load`: load a snapshot.
 * - `plan-retry`: ask the policy when to load the next snapshot.
 * - `await-delay`: wait for the state's `delay`.
 * - `await-open`: limit the time of the first connection attempt.
 * - `apply`: apply the messages that wait.
 * - `settle-refresh`: resolve the promises of `refresh()`.
 */
export type SyncEffect = 'load' | 'plan-retry' | 'await-delay' | 'await-open' | 'apply' | 'settle-refresh'

const IDLE: SyncState = { phase: 'idle', basis: 'none' }

/** Returns the first state: a store that has its state already, or has no snapshot to load, is `live`. */
export function initialSyncState({ resumes, loads }: { resumes: boolean; loads: boolean }): SyncState {
  if (resumes) return { phase: 'live', basis: 'open' }
  return loads ? IDLE : { phase: 'live', basis: 'none' }
}

/**
 * Returns the next state and its effects, in order. It is pure. An event that changes nothing returns
 * `state` itself. Only the last effect may cause the next event at once.
 */
export function transition(state: SyncState, event: SyncEvent): readonly [SyncState, ...SyncEffect[]] {
  const { phase, basis } = state
  switch (event.type) {
    case 'connecting':
      if (event.attempt > 0) return whileDisconnected(state)
      return phase === 'idle' ? [{ phase: 'connecting', basis: 'none' }, 'await-open'] : [state]
    case 'open': {
      const confirmed = event.unconfirmed ? 'unconfirmed' : 'open'
      return basis === 'open' || basis === confirmed ? [state] : load(confirmed)
    }
    case 'slow':
    case 'reconnecting':
    case 'closed':
    case 'failed':
      return whileDisconnected(state)
    case 'idle':
      return phase === 'live' ? [state] : [IDLE, 'settle-refresh']
    case 'gap':
      return isLoadAhead(state) ? [state] : [state, 'plan-retry']
    case 'error':
      return isLoadAhead(state) ? [state, 'settle-refresh'] : [state, 'settle-refresh', 'plan-retry']
    case 'retry':
      return event.delay === 0 ? load(basis) : [{ phase: 'backoff', basis, delay: event.delay }, 'await-delay']
    case 'give-up':
      return [{ phase: 'stale', basis }, 'settle-refresh']
    case 'due':
    case 'refresh':
      return load(basis)
    case 'loaded':
      return [{ phase: 'live', basis }, 'settle-refresh']
    case 'no-snapshot':
      return [{ phase: 'live', basis }, 'settle-refresh', 'apply']
  }
}

const load = (basis: SnapshotBasis): readonly [SyncState, SyncEffect] => [{ phase: 'loading', basis }, 'load']

/** A page shows its data even where push cannot connect. */
const whileDisconnected = (state: SyncState) => (state.basis === 'none' ? load('disconnected') : ([state] as const))

/** Whether a snapshot will be loaded anyway, so that none has to be planned. */
const isLoadAhead = ({ phase }: SyncState) => phase === 'idle' || phase === 'connecting' || phase === 'backoff'
