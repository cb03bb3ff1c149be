import { Observable, Subject } from 'rxjs'
import { PushError } from '../errors.ts'
import type { PushEvent, SourceEvent } from '../events.ts'

/** Lets developer tools observe a channel and drop its connection, without subscribing to it. Unused in production. */
export interface DevtoolsHook {
  /** Emits the channel's events when its subscribers receive them. */
  readonly events$: Observable<PushEvent<unknown>>
  /** Breaks the current connection like a network failure, so that the channel resumes from its cursor. */
  drop(): void
}

interface Subjects {
  readonly events: Subject<PushEvent<unknown>>
  readonly drops: Subject<void>
}

const subjects = /* @__PURE__ */ new WeakMap<object, Subjects>()

function subjectsOf(channel: object): Subjects {
  const present = subjects.get(channel) ?? { events: new Subject(), drops: new Subject() }
  subjects.set(channel, present)
  return present
}

/** Returns the hook of a channel. */
export function devtoolsHook(channel: object): DevtoolsHook {
  const { events, drops } = subjectsOf(channel)
  return { events$: events.asObservable(), drop: () => drops.next() }
}

/** Emits an event to the developer tools that observe the channel. */
export const notifyDevtools = (channel: object, event: PushEvent<unknown>): void =>
  subjects.get(channel)?.events.next(event)

/** Returns a connection of the channel that `drop` breaks. */
export const droppable = (channel: object, connection: Observable<SourceEvent>): Observable<SourceEvent> =>
  new Observable((subscriber) => {
    const fail = () =>
      subscriber.error(new PushError('connection-lost', 'Connection lost: dropped by developer tools.'))
    subscriber.add(subjectsOf(channel).drops.subscribe(fail))
    return connection.subscribe(subscriber)
  })
