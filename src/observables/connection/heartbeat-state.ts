import { PushError } from '../errors.ts'
import { ALIVE, RECYCLE, type SourceEvent, type SourceOpen } from '../events.ts'
import { DEV } from '../internal/dev.ts'

/**
 * How far a connection is.
 *
 * - `connecting`: it is not open.
 * - `greeting`: the head of the response came. A proxy may send that, so the connection is open at its first event.
 * - `open`: it is open.
 */
export type Phase = { readonly type: 'connecting' | 'open' } | { readonly type: 'greeting'; readonly open: SourceOpen }

/**
 * How long the connection may be silent, in ms, and what a longer silence means.
 *
 * - `connect`: it does not open.
 * - `body`: the rest of a response is missing.
 * - `heartbeat`: a heartbeat is missing, or the response to one that the client sent.
 * - `idle`: nothing, because the server sends no heartbeat. A new connection shows whether this one is dead.
 */
export interface Silence {
  readonly type: 'connect' | 'body' | 'heartbeat' | 'idle'
  readonly limit: number
}

export interface HeartbeatState {
  readonly phase: Phase
  readonly silence: Silence
  /** The longest silence that the server promised, in ms; undefined: it sends no heartbeat. */
  readonly promised: number | undefined
}

/** In ms. */
export interface HeartbeatLimits {
  readonly connectTimeout: number
  readonly heartbeatInterval: number
  readonly heartbeatGrace: number
  readonly idleReconnectAfter: number
}

const OPEN: Phase = { type: 'open' }

export const initialState = ({ connectTimeout }: HeartbeatLimits, promised: number | undefined): HeartbeatState => ({
  phase: { type: 'connecting' },
  silence: { type: 'connect', limit: connectTimeout },
  promised,
})

/** Returns the state after an event, which is the same object unless the event changed it. */
export function afterEvent(state: HeartbeatState, event: SourceEvent, limits: HeartbeatLimits): HeartbeatState {
  const { promised, silence } = state
  if (event.type === 'open') {
    if (event.expectsGreeting)
      return { ...state, phase: { type: 'greeting', open: { ...event, expectsGreeting: false } } }
    return { promised, phase: OPEN, silence: silenceOfOpen(event, promised, limits) }
  }
  if (event.type !== 'alive' || event.heartbeat === undefined) return state
  const { heartbeat } = event
  if (heartbeat === 'default') return { ...state, silence: silenceOf(limits.heartbeatInterval, limits, 'body') }
  if (heartbeat === promised && silence.type !== 'body') return state
  const agreed = heartbeat === 'agreed' ? promised : heartbeat
  return { ...state, promised: agreed, silence: silenceOf(agreed, limits) }
}

function silenceOfOpen(
  { ping, unconfirmed }: SourceOpen,
  promised: number | undefined,
  limits: HeartbeatLimits,
): Silence {
  if (ping?.within !== undefined) return { type: 'heartbeat', limit: ping.every + ping.within }
  if (ping) return silenceOf(undefined, limits)
  // A dead connection would stay unconfirmed, so that one may not be silent, with or without heartbeats.
  return silenceOf(unconfirmed ? (promised ?? limits.heartbeatInterval) : promised, limits)
}

/** Returns how long a connection with this heartbeat may be silent; undefined: it has none. */
const silenceOf = (
  heartbeat: number | undefined,
  { heartbeatGrace, idleReconnectAfter }: HeartbeatLimits,
  type: 'heartbeat' | 'body' = 'heartbeat',
): Silence =>
  heartbeat === undefined ? { type: 'idle', limit: idleReconnectAfter } : { type, limit: heartbeat + heartbeatGrace }

/** Returns whether an event is for subscribers. The others are signs of life, for the monitor alone. */
export function isForwarded(phase: Phase, event: SourceEvent): boolean {
  if (event.type !== 'alive') return true
  // The head of a response does not show that its body comes.
  if (event.heartbeat === 'default') return false
  // Bytes alone are not a greeting, because another server may have sent them. That is known once they are parsed.
  return phase.type === 'open' || (phase.type === 'greeting' && event !== ALIVE)
}

/** Returns the error that ends a connection after its longest silence; undefined: it stays open. */
export function verdictOf(
  { phase, silence: { type, limit } }: HeartbeatState,
  recyclable: () => boolean,
): PushError | typeof RECYCLE | undefined {
  // Without a cursor a new connection could not resume, and nothing shows that this one is dead.
  if (type === 'idle') return recyclable() ? RECYCLE : undefined
  if (type !== 'connect')
    return new PushError(
      'heartbeat-timeout',
      DEV && `Heartbeat timed out: no data for ${limit} ms. The client reconnects.`,
    )
  return new PushError('connect-timeout', process.env.NODE_ENV !== 'production' && connectTimeoutMessage(phase, limit))
}

const connectTimeoutMessage = ({ type }: Phase, limit: number): string =>
  `Connection timed out: ${
    type === 'greeting'
      ? `no data within ${limit} ms after the head of the response. A proxy may hold the body back`
      : `not open within ${limit} ms`
  }. Let the server send the head of its response at once, and not with its first event, or raise \`connectTimeout\`.`
