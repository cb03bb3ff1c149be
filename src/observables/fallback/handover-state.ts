import { PushError } from '../errors.ts'
import type { SourceEvent, SourceOpen } from '../events.ts'
import { DEV } from '../internal/dev.ts'

/**
 * How an attempt to hand over ended.
 *
 * - `taken-over`: the new connection is in use, and resumed from the position of the old one.
 * - `not-resumed`: the new connection is open, but nothing proves that it resumed.
 * - `overflow`: the old connection delivered messages that cannot be matched, or too many.
 * - `failed`: the new connection did not open, or broke.
 */
export type HandoverOutcome =
  | { readonly type: 'taken-over' | 'not-resumed' | 'overflow' }
  | { readonly type: 'failed'; readonly error: unknown }

/**
 * The state of a new connection beside the one in use.
 *
 * - `opening`: it is not open yet.
 * - `open`: it is open, and has not proved that it delivers.
 * - `overlapping`: it delivers, and the overlap time has not elapsed.
 * - `settled`: the overlap time has elapsed. It takes over once it has repeated what the old connection delivered.
 */
export type HandoverState =
  | { readonly type: 'opening' }
  | { readonly type: 'open' | 'overlapping' | 'settled' | 'taken-over'; readonly open: SourceOpen }
  | { readonly type: 'abandoned'; readonly outcome: HandoverOutcome }

export interface HandoverConditions {
  /** The namespace of the cursors of the connection in use. */
  readonly namespace: string
  /** Whether the technique is known to deliver here, so that it is enough to open. */
  readonly trusted: boolean
  /** Whether the event is a message that the old connection delivered already. */
  readonly repeated: boolean
  /** How many messages of the old connection the new one has not repeated yet. */
  readonly pending: number
}

/** Returns the state after an event of the new connection. */
export function afterEvent(
  state: HandoverState,
  event: SourceEvent,
  { namespace, trusted, repeated, pending }: HandoverConditions,
): HandoverState {
  if (state.type === 'taken-over' || state.type === 'abandoned') return state
  if (event.type === 'open') {
    if (!event.resumed || event.namespace !== namespace) return abandoned({ type: 'not-resumed' })
    if (event.ownCursors) return abandoned({ type: 'overflow' })
    const { type } = state
    if (type === 'overlapping' || type === 'settled') return { type, open: event }
    return { type: trusted && !event.unconfirmed ? 'overlapping' : 'open', open: event }
  }
  if (event.type === 'gap')
    return abandoned({
      type: 'failed',
      error: new PushError('cursor-lost', DEV && `The server cannot resume from the cursor: "${event.reason}".`),
    })
  if (state.type === 'opening') return state
  if (event.type === 'message' && !repeated) return { type: 'taken-over', open: state.open }
  if (state.type === 'settled') return settled(state.open, pending)
  // A network may let a connection open and deliver nothing, so only an event after `open` proves that it delivers.
  return state.type === 'open' && !state.open.unconfirmed ? { type: 'overlapping', open: state.open } : state
}

/** Returns the state after the overlap time. */
export const afterOverlap = (state: HandoverState, pending: number): HandoverState =>
  state.type === 'overlapping' ? settled(state.open, pending) : state

// If the old connection is always the faster one, no message is new on the new one: it is enough to be level once.
const settled = (open: SourceOpen, pending: number): HandoverState => ({
  type: pending === 0 ? 'taken-over' : 'settled',
  open,
})

/** Returns the state after the attempt was given up. */
export const abandoned = (outcome: HandoverOutcome): HandoverState => ({ type: 'abandoned', outcome })
