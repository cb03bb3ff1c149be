import { BehaviorSubject, type SchedulerLike } from 'rxjs'
import { IDLE, connectionState } from './connection-state.ts'
import type { PushEvent, PushMessage, PushState } from '../events.ts'
import type { ReplayBuffer } from './replay-buffer.ts'

type Event<Type extends PushEvent<unknown>['type']> = Extract<PushEvent<unknown>, { type: Type }>

/** What a channel remembers of its events, for its `state` and for readers who join later. */
export function eventLog(buffer: ReplayBuffer | undefined, scheduler: SchedulerLike) {
  const state = new BehaviorSubject(IDLE)
  let count = 0
  let last: PushMessage<unknown> | undefined
  let present: PushState = { type: 'idle' }
  /** Why the attempt that is under way is not the first. */
  let failure: Event<'reconnecting'> | undefined
  let undecoded: Event<'invalid'> | undefined
  let retryDue: number | undefined

  return {
    state,
    /** How many messages and gaps there were. */
    get count() {
      return count
    },
    get last() {
      return last
    },
    /** The last event about the connection. */
    get present() {
      return present
    },
    /** When the next attempt begins, by the scheduler's clock; undefined unless the channel waits for one. */
    get retryDue() {
      return retryDue
    },
    /** The messages and gaps that late readers get. */
    kept: () => buffer?.events() ?? [],

    add(event: PushEvent<unknown>) {
      if (event.type === 'message' || event.type === 'gap') {
        count += 1
        buffer?.add(event)
        if (event.type === 'message') last = event
      } else if (event.type === 'invalid') undecoded = event
      else {
        if (event.type !== 'connecting') failure = event.type === 'reconnecting' ? event : undefined
        present = event
        retryDue = event.type === 'reconnecting' ? scheduler.now() + event.delay : undefined
      }
      const next = connectionState(state.value, event)
      if (next !== state.value) state.next(next)
    },

    /** Emits the present state of a connected channel, around the messages and gaps that were kept. */
    replay(next: (event: PushEvent<unknown>) => void, kept: ReturnType<ReplayBuffer['events']>, isConnected: boolean) {
      // The error of the last attempt belongs to the state while the next one is under way.
      if (isConnected && failure && failure !== present) next(failure)
      if (isConnected) next(present)
      for (const event of kept) next(event)
      if (isConnected && undecoded && undecoded.error === state.value.error) next(undecoded)
    },

    /** Forgets the past, which is that of other readers. For those who paused, the hole counts as an event that is not kept. */
    clear() {
      count += 1
      last = undefined
      buffer?.clear()
    },
  }
}
