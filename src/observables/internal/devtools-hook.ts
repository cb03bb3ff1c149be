import { Observable, Subject } from 'rxjs'
import { PushError } from '../errors.ts'
import type { PushEvent, SourceEvent } from '../events.ts'

/** What developer tools see of a channel, and do to it, without being one of its readers. In production it is dead. */
export interface Probe {
  /** What the channel's readers are told, when they are. */
  readonly events$: Observable<PushEvent<unknown>>
  /** Breaks the present connection as a network does, so that the channel goes on from its cursor. */
  drop(): void
}

interface Wires {
  events: Subject<PushEvent<unknown>>
  drops: Subject<void>
}

const wires = /* @__PURE__ */ new WeakMap<object, Wires>()

function wired(channel: object): Wires {
  const present = wires.get(channel) ?? { events: new Subject(), drops: new Subject() }
  wires.set(channel, present)
  return present
}

export function probe(channel: object): Probe {
  const { events, drops } = wired(channel)
  return { events$: events.asObservable(), drop: () => drops.next() }
}

/** Shows a channel's probe what the readers are told. */
export const show = (channel: object, event: PushEvent<unknown>): void => wires.get(channel)?.events.next(event)

/** A connection of a channel that `drop` breaks. */
export const breakable = (channel: object, connection: Observable<SourceEvent>): Observable<SourceEvent> =>
  new Observable((subscriber) => {
    const broken = () => subscriber.error(new PushError('connection-lost', 'dropped by developer tools'))
    subscriber.add(wired(channel).drops.subscribe(broken))
    return connection.subscribe(subscriber)
  })
