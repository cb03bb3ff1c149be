import { Observable, type MonoTypeOperatorFunction } from 'rxjs'
import type { SourceEvent } from '../event.ts'

/** Whether a message may be the next after another, by their cursors. False: something lay between. */
export type Follows = (cursor: string, next: string) => boolean

/**
 * A message that cannot be the next after the one before it is behind a `gap` (`expired`), for servers that skip some
 * without a word. What the server says by itself is not said twice, and a server that says it is believed.
 *
 * @param last The cursor of the last message; undefined: it is not known.
 */
export const chain =
  (follows: Follows, last: string | undefined): MonoTypeOperatorFunction<SourceEvent> =>
  (source) =>
    new Observable((subscriber) => {
      let place = last
      let vouched = false
      const next = (event: SourceEvent) => {
        switch (event.type) {
          case 'message':
            if (!vouched && place !== undefined && event.cursor !== undefined && !follows(place, event.cursor))
              subscriber.next({ type: 'gap', reason: 'expired' })
            place = event.cursor
            break
          case 'open':
            if (!event.resumed) place = undefined
            break
          case 'gap':
            place = event.cursor
            break
          case 'alive':
            vouched ||= event.tellsGaps ?? false
            place = event.cursor ?? place
        }
        subscriber.next(event)
      }
      return source.subscribe({
        next,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
    })
