import { Observable, Subject } from 'rxjs'
import { PushError } from '../errors.ts'
import type { PushEvent, SourceEvent } from '../events.ts'

/** Lets developer tools observe a channel and drop its connection, without subscribing to it. Unused in production. */
export interface DevtoolsHook {
  /** Emits the channel's events when its subscribers receive them. */
  readonly events$: Observable<PushEvent<unknown>>
  /** Breaks the current connection like a network failure, so that the channel resumes from its cursor. */
  drop(): void
  /** The connection that the channel shares with others. Undefined: it has its own. */
  readonly shared: SharedConnection | undefined
}

/** A connection of several channels. */
export interface SharedConnection {
  /** How many channels share it now. */
  readonly topics: number
  /** How many messages were sent that the server did not acknowledge yet. */
  readonly unacknowledged: number
}

interface Subjects {
  readonly events: Subject<PushEvent<unknown>>
  readonly drops: Subject<void>
  readonly shared?: SharedConnection
}

const subjects = /* @__PURE__ */ new WeakMap<object, Subjects>()

function subjectsOf(channel: object): Subjects {
  const present = subjects.get(channel) ?? { events: new Subject(), drops: new Subject() }
  subjects.set(channel, present)
  return present
}

/** Returns the hook of a channel. */
export function devtoolsHook(channel: object): DevtoolsHook {
  const { events, drops, shared } = subjectsOf(channel)
  return { events$: events.asObservable(), drop: () => drops.next(), shared }
}

/** Makes a channel's `drop` break the connection that it shares. */
export function shareConnection(channel: object, shared: SharedConnection): void {
  const { drops } = subjectsOf(shared)
  subjects.set(channel, { events: new Subject(), drops, shared })
}

/** Emits an event to the developer tools that observe the channel. */
export const notifyDevtools = (channel: object, event: PushEvent<unknown>): void =>
  subjects.get(channel)?.events.next(event)

/** Returns a connection of the channel, or of those that share it, which `drop` breaks. */
export const droppable = (owner: object, connection: Observable<SourceEvent>): Observable<SourceEvent> =>
  new Observable((subscriber) => {
    const fail = () =>
      subscriber.error(new PushError('connection-lost', 'Connection lost: dropped by developer tools.'))
    subscriber.add(subjectsOf(owner).drops.subscribe(fail))
    return connection.subscribe(subscriber)
  })
