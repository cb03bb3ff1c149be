import { Observable, Subscription, type Observer, type SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import type { SourceEvent } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { runAfter } from '../internal/time.ts'
import { abandoned, afterEvent, afterOverlap, type HandoverOutcome, type HandoverState } from './handover-state.ts'

export interface HandoverOptions {
  /** Receives the events of the connection in use, each message once. */
  output: Observer<SourceEvent>
  /** Returns the namespace of the cursors of the connection in use. */
  namespace: () => string
  /** How long a new connection is open before the old one is closed, in ms. */
  overlapTime: number
  scheduler: SchedulerLike
}

/** One stream of events from one connection after the other. */
export interface Handover {
  /** Closes the connection in use, and uses this one. */
  use(connection: Observable<SourceEvent>): void
  /**
   * Opens a connection beside the one in use, from its position, and hands over without losing or repeating a message.
   * Messages of both are emitted once. The first message that only the new connection delivers makes it the one in use.
   *
   * Emits the outcome once, before any event of the new connection. Unsubscribing closes a connection that is not in use
   * yet. A technique is `trusted` if it is known to deliver here: then it is enough to open.
   */
  handOver(connection: Observable<SourceEvent>, trusted: boolean): Observable<HandoverOutcome>
  /** Closes the connection in use. */
  close(): void
}

/** How many messages of the old connection are remembered, to drop the repeats of the new one. */
const MAX_PENDING = 10_000

export function handover({ output, namespace, overlapTime, scheduler }: HandoverOptions): Handover {
  let current = new Subscription()
  /** Receives the cursor of each message of the connection in use while there is another one beside it. */
  let onMessage: ((cursor: string | undefined) => void) | undefined

  const forward = (event: SourceEvent) => {
    if (onMessage && event.type === 'message') onMessage(event.cursor)
    output.next(event)
  }

  return {
    use(connection) {
      current.unsubscribe()
      // Assigned before it starts, because the connection may end, and be replaced, at once.
      const next = (current = new Subscription())
      next.add(
        connection.subscribe({
          next: forward,
          error: (error: unknown) => output.error(error),
          complete: () => output.complete(),
        }),
      )
    },

    handOver: (connection, trusted) =>
      new Observable((subscriber) => {
        const own = new Subscription()
        /** Cursors of the messages that the new connection has not repeated yet. */
        const pending = new Set<string>()
        let state: HandoverState = { type: 'opening' }
        let overlap = Subscription.EMPTY

        const end = (outcome: HandoverOutcome) => {
          subscriber.next(outcome)
          subscriber.complete()
        }
        const enter = (next: HandoverState) => {
          const { type } = state
          state = next
          if (next.type === type) return
          if (next.type === 'overlapping')
            overlap = runAfter(overlapTime, scheduler, () => enter(afterOverlap(state, pending.size)))
          else if (next.type === 'taken-over') {
            onMessage = undefined
            overlap.unsubscribe()
            current.unsubscribe()
            current = own
            end({ type: 'taken-over' })
            output.next(next.open)
          } else if (next.type === 'abandoned') {
            own.unsubscribe()
            end(next.outcome)
          }
        }
        const inUse = () => state.type === 'taken-over'

        onMessage = (cursor) => {
          if (cursor === undefined || pending.has(cursor) || pending.size === MAX_PENDING)
            enter(abandoned({ type: 'overflow' }))
          else pending.add(cursor)
        }
        own.add(() => {
          overlap.unsubscribe()
          if (!inUse()) onMessage = undefined
        })
        own.add(
          connection.subscribe({
            next(event) {
              const repeated = event.type === 'message' && event.cursor !== undefined && pending.delete(event.cursor)
              if (!inUse()) {
                const conditions = { namespace: namespace(), trusted, repeated, pending: pending.size }
                enter(afterEvent(state, event, conditions))
                // Of the events until then, only the message that made it take over is new.
                if (event.type !== 'message') return
              }
              if (inUse() && !repeated) forward(event)
            },
            error(error: unknown) {
              if (inUse()) output.error(error)
              else enter(abandoned({ type: 'failed', error }))
            },
            complete() {
              // Until it has taken over, the connection in use reports the end of the channel itself.
              if (inUse()) output.complete()
              else enter(abandoned({ type: 'failed', error: endedAtOnce() }))
            },
          }),
        )
        return () => inUse() || own.unsubscribe()
      }),

    close: () => current.unsubscribe(),
  }
}

const endedAtOnce = () =>
  new PushError('connection-lost', DEV && 'The connection ended before it was in use. Another one is tried later.')
