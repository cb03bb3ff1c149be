import { Subscription, type Observable, type SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import type { SourceEvent, SourceOpen } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { runAfter } from '../internal/time.ts'

/**
 * How a try to hand over ended.
 *
 * - `taken`: the new connection carries on, from where the old one was.
 * - `not-resumed`: it is open, and nothing proves that it goes on from there.
 * - `overflow`: the old one said more meanwhile than can be remembered, or what cannot be told apart.
 * - `failed`: it did not open, or broke.
 */
export type Outcome =
  | { readonly type: 'taken' | 'not-resumed' | 'overflow' }
  | { readonly type: 'failed'; readonly error: unknown }

export interface HandoverOptions {
  /** Hears everything, each message once. */
  tell: (event: SourceEvent) => void
  /** The connection that carries broke. */
  lost: (cause: unknown) => void
  /** The channel has ended. */
  complete: () => void
  /** In which namespace the cursors of the connection that carries count. */
  space: () => string
  /** How long a new connection stands before, once nothing is left to repeat, the old one is let go, in ms. */
  settle: number
  scheduler: SchedulerLike
}

/** One stream of events, carried by one connection after the other. */
export interface Handover {
  /** Lets a connection carry on; the one before is left first. */
  carry(connection: Observable<SourceEvent>): void
  /**
   * Opens a connection from where the present one is, which goes on meanwhile, and changes over without a message lost
   * or repeated: what both say is told once, and the first that only the new one says makes it the one that carries.
   * `ended` hears of that before anything of the new one is told. Unsubscribing gives up what was not taken. A `trusted`
   * technique is known to pass here, so that to open is enough; another one has to say something.
   */
  beside(connection: Observable<SourceEvent>, ended: (outcome: Outcome) => void, trusted: boolean): Subscription
  /** Leaves every connection. */
  leave(): void
}

/** How many messages of the old connection are remembered, to drop what the new one repeats. */
const MOST = 10_000

export function handover({ tell, lost, complete, space, settle, scheduler }: HandoverOptions): Handover {
  let carrying = new Subscription()
  let trying = new Subscription()
  /** Hears where each message of the present connection is, while there is one beside it. */
  let overheard: ((cursor: string | undefined) => void) | undefined

  const carried = (event: SourceEvent) => {
    if (overheard && event.type === 'message') overheard(event.cursor)
    tell(event)
  }

  return {
    carry(connection) {
      carrying.unsubscribe()
      // Held before it starts, because what starts may end, and be replaced, at once.
      const next = (carrying = new Subscription())
      next.add(connection.subscribe({ next: carried, error: lost, complete }))
    },

    beside(connection, ended, trusted) {
      trying.unsubscribe()
      const repeats = new Set<string>()
      let opened: SourceOpen | undefined
      let taken = false
      let stood = false
      let settling: Subscription | undefined
      const own = new Subscription()

      const finish = (outcome: Outcome) => {
        own.unsubscribe()
        ended(outcome)
      }
      const take = (open: SourceOpen) => {
        taken = true
        overheard = undefined
        settling?.unsubscribe()
        carrying.unsubscribe()
        carrying = own
        ended({ type: 'taken' })
        tell(open)
      }
      // Where the old one is always the faster, no message is only the new one's: it is enough to be level once.
      const consider = () => {
        if (opened && stood && repeats.size === 0) take(opened)
      }
      const stand = () => {
        stood = true
        consider()
      }
      const next = (event: SourceEvent) => {
        const repeated = event.type === 'message' && event.cursor !== undefined && repeats.delete(event.cursor)
        if (taken) return repeated ? undefined : carried(event)
        if (event.type === 'open') {
          if (!event.resumed || event.namespace !== space()) return finish({ type: 'not-resumed' })
          if (event.ownCursors) return finish({ type: 'overflow' })
          opened = event
        }
        // A network may let a rung open and pass nothing of it.
        if (opened && !opened.unconfirmed && (trusted || event !== opened))
          settling ??= runAfter(settle, scheduler, stand)
        if (event.type === 'open') return
        if (repeated) return consider()
        if (event.type === 'gap') {
          return finish({ type: 'failed', error: new PushError('cursor-lost', DEV && `gap: ${event.reason}`) })
        }
        if (event.type !== 'message' || !opened) return
        take(opened)
        carried(event)
      }

      overheard = (cursor) => {
        if (cursor === undefined || repeats.has(cursor) || repeats.size === MOST) return finish({ type: 'overflow' })
        repeats.add(cursor)
      }
      own.add(() => {
        settling?.unsubscribe()
        if (!taken) overheard = undefined
      })
      own.add(
        connection.subscribe({
          next,
          error: (error: unknown) => (taken ? lost(error) : finish({ type: 'failed', error })),
          // What the one that carries brings before the channel's end is not lost: it says by itself that it has ended.
          complete: () =>
            taken
              ? complete()
              : finish({ type: 'failed', error: new PushError('connection-lost', DEV && 'it ended at once') }),
        }),
      )
      // What was taken carries on, whoever let it in.
      return (trying = new Subscription(() => taken || own.unsubscribe()))
    },

    leave() {
      trying.unsubscribe()
      carrying.unsubscribe()
    },
  }
}
