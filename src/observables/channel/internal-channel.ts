import type { Subscription } from 'rxjs'
import type { Channel } from './channel.ts'
import type { Position } from '../connection/cursor.ts'
import type { PushEvent } from '../events.ts'
import { wrongOption } from '../internal/check-options.ts'
import { PushError } from '../errors.ts'
import { DEV } from '../internal/dev.ts'

/** Where a reader begins, or continues after a pause. */
export interface ReadingStart {
  /** How many of the channel's messages and gaps the reader is behind; undefined: it has not begun. */
  readonly seen: number | undefined
  /** A position that was learnt elsewhere. A reader that has not begun, and is the only one, begins there. */
  readonly position?: Position | undefined
}

/** A reading that is about to begin. */
export interface Reading<T> {
  /** How many of the channel's messages and gaps come before the first event that the reader gets. */
  readonly from: number
  /** Whether the channel begins with this reader, at its position if it has one. */
  readonly begins: boolean
  /** Adds the reader until `life` is closed. It gets the present state, the messages that the channel keeps, then live events. */
  join(next: (event: PushEvent<T>) => void, life: Subscription): void
}

/** What `pausable` and stores need of a channel, and applications do not. */
export interface ChannelInternals<T> {
  /**
   * Begins a reading that can be paused. An idle channel continues from its position, unless a reader that has not begun
   * connects it.
   */
  read(start: ReadingStart): Reading<T>
  /** Whether the message at one cursor comes after another's; undefined if the two have no order. */
  isAfter(cursor: string, other: string): boolean | undefined
}

/** The key of a channel's internals. It is global, so that two copies of this package understand each other. */
const INTERNALS = /* @__PURE__ */ Symbol.for('pinia-push.channel')

/** Returns a channel with its internals, which auto-complete does not show. `compare` is the backend's order of cursors. */
export const withInternals = <T, S>(
  channel: Channel<T, S>,
  read: ChannelInternals<T>['read'],
  compare: ((a: string, b: string) => number | undefined) | undefined,
): Channel<T, S> =>
  Object.defineProperty(channel, INTERNALS, {
    value: {
      read,
      isAfter(cursor, other) {
        const order = compare?.(cursor, other)
        return order === undefined ? undefined : order > 0
      },
    } satisfies ChannelInternals<T>,
  })

/**
 * Returns the internals of a channel.
 *
 * @throws PushError `invalid-option` if `channel` does not come from a client.
 */
export function internalsOf<T>(channel: Channel<T, never>, caller: string): ChannelInternals<T> {
  const internals: unknown = Reflect.get(Object(channel), INTERNALS)
  if (isInternals<T>(internals)) return internals
  const fix = 'Pass a channel that `client.channel()` returned, also in tests: createTestingClient() makes a client.'
  throw new PushError('invalid-option', DEV && wrongOption('channel', caller, channel, fix))
}

const isInternals = <T>(value: unknown): value is ChannelInternals<T> => value !== undefined
