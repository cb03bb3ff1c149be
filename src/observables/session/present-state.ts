import type { SchedulerLike } from 'rxjs'
import type { LinkEvent } from '../events.ts'

type ConnectionEvent = Exclude<LinkEvent, { type: 'message' | 'gap' }>

/** The state of a connection, as a topic that joins it has to learn it. */
export interface PresentState {
  add(event: ConnectionEvent): void
  /** The connection was left: the next one begins. */
  clear(): void
  /** What a topic emits that joins now. */
  readonly event: ConnectionEvent
}

const CONNECTING: ConnectionEvent = { type: 'connecting', attempt: 0 }

export function presentState(scheduler: SchedulerLike): PresentState {
  let last: ConnectionEvent | undefined
  /** When a wait ends, by the scheduler's clock. */
  let due = 0
  return {
    add(event) {
      last = event
      if (event.type === 'reconnecting') due = scheduler.now() + event.delay
    },
    clear: () => void (last = undefined),
    get event() {
      // A topic that joins an open connection is yet to be subscribed.
      if (!last || last.type === 'open') return CONNECTING
      // It waits for the rest of the delay.
      return last.type === 'reconnecting' ? { ...last, delay: Math.max(0, due - scheduler.now()) } : last
    },
  }
}
