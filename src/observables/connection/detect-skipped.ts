import { Observable, type MonoTypeOperatorFunction } from 'rxjs'
import { moved } from './cursor.ts'
import type { SourceEvent } from '../events.ts'

/**
 * Finds messages that a server skipped, from the cursor of the last message on; undefined: it is not known.
 */
export type Follows = (last: string | undefined) => MonoTypeOperatorFunction<SourceEvent>

/**
 * A message that cannot be the next after the one before it is behind a `gap` (`history-expired`), for servers that skip some
 * without a word. What the server says by itself is not said twice, and a server that says it is believed.
 *
 * @param follows Whether a message may be the next after another, by their cursors. False: something lay between.
 */
export const detectSkipped =
  (follows: (cursor: string, next: string) => boolean): Follows =>
  (last) =>
  (source) =>
    new Observable((subscriber) => {
      let place = last
      let serverReportsGaps = false
      const next = (event: SourceEvent) => {
        switch (event.type) {
          case 'message':
            if (!serverReportsGaps && place !== undefined && event.cursor && !follows(place, event.cursor))
              subscriber.next({ type: 'gap', reason: 'history-expired' })
            place = event.cursor || undefined
            break
          case 'open':
            if (!event.resumed) place = undefined
            break
          case 'gap':
            place = event.cursor || undefined
            break
          case 'alive':
            serverReportsGaps ||= event.reportsGaps ?? false
            place = moved(place, event.cursor)
        }
        subscriber.next(event)
      }
      return source.subscribe({
        next,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
    })
