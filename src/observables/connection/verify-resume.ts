import { Observable, type MonoTypeOperatorFunction, type SchedulerLike, type Subscription } from 'rxjs'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import type { SourceEvent } from '../events.ts'
import { runAfter } from '../internal/time.ts'

export interface ProofOptions {
  /** How long the proof may take once the connection is open, in ms. */
  within: number
  /** Whether the last cursor is that of the channel's beginning, and of no message. */
  atBeginning: boolean
  scheduler: SchedulerLike
}

/** Where to ask from, and what makes gaps of what does not come from there. */
export interface Proof {
  readonly from: string | undefined
  readonly proof: MonoTypeOperatorFunction<SourceEvent>
}

/** How to prove that nothing fell between a message, by its cursor, and what a new connection brings. */
export type Prove = (last: string, options: ProofOptions) => Proof

export interface OverlapOptions extends ProofOptions {
  /** The cursor of the last message. */
  last: string
  /** The order of cursors; undefined: they are of different lives of the server. */
  compare: (a: string, b: string) => number | undefined
}

/**
 * Proves that nothing fell between two connections where the server does not say so by itself: this one was asked for
 * from just before the last message, which therefore has to come again. It is dropped, and so is what came before it. A
 * later one in its place is a `gap` (`history-expired`), so is the end of the channel, and so is one of another life of the server
 * (`unknown-cursor`); nothing at all within the time is `cursor-lost`. A server that says that it tells gaps needs no proof.
 */
export const verifyResume =
  ({ last, compare, within, atBeginning, scheduler }: OverlapOptions): MonoTypeOperatorFunction<SourceEvent> =>
  (source) =>
    new Observable((subscriber) => {
      let asked = false
      let expectingRepeat = true
      let serverReportsGaps = false
      let due: Subscription | undefined

      const overdue = () => {
        if (expectingRepeat && !serverReportsGaps)
          subscriber.error(
            new PushError('cursor-lost', DEV && 'the last message did not come again: the server does not know it'),
          )
      }
      const next = (event: SourceEvent) => {
        if (!expectingRepeat) return subscriber.next(event)
        if (event.type === 'open') {
          asked = true
          expectingRepeat = event.resumed
          due ??= runAfter(within, scheduler, overdue)
          subscriber.add(due)
        }
        if (event.type === 'gap') expectingRepeat = false
        if (event.type !== 'message' && event.type !== 'alive') return subscriber.next(event)
        if (event.type === 'alive') serverReportsGaps ||= event.reportsGaps ?? false
        if (!event.cursor) return subscriber.next(event)
        const order = compare(event.cursor, last)
        const isBeginning = event.type === 'alive' && event.restarted
        // A server that was restarted within the second of the last message gives its cursor to the channel's new beginning.
        const isOther = order === 0 && isBeginning && !atBeginning
        const isNew = order === undefined || order > 0
        expectingRepeat = order !== undefined && order < 0
        // Of a beginning elsewhere the channel's position tells.
        if ((isBeginning ? isOther : isNew) && !serverReportsGaps)
          subscriber.next({ type: 'gap', reason: order === undefined ? 'unknown-cursor' : 'history-expired' })
        if (event.type === 'alive') {
          const moves = isNew || (isBeginning && order === 0)
          subscriber.next(moves ? event : { ...event, restarted: false, cursor: undefined })
        } else if (isNew) subscriber.next(event)
      }
      return source.subscribe({
        next,
        error: (error: unknown) => subscriber.error(error),
        complete() {
          // The channel ended, and the last message did not come again: some that came after it may be gone with it.
          if (asked && expectingRepeat && !serverReportsGaps)
            subscriber.next({ type: 'gap', reason: 'history-expired' })
          subscriber.complete()
        },
      })
    })
