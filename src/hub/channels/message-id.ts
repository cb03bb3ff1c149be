import { compareMoments, formatCursor, parseCursor, type CursorParts, type Moment } from '../../wire/cursor.ts'

/** A cursor that the hub issued. */
export interface MessageId extends Moment {
  /** The life of the channel that issued it: the hub's, or the channel's own where its name was ended before. */
  readonly epoch: string
}

export const formatId = (id: MessageId): string => formatCursor(id)

const CURSOR = /^\d{1,13}:\d{1,15}(\.[A-Za-z0-9]{1,64})?$/

/** Reads the cursor of a request. Undefined: the text cannot be a cursor. */
export const parseId = (text: string): CursorParts | undefined => (CURSOR.test(text) ? parseCursor(text) : undefined)

/** The ids of one hub: each is after all that were issued before it, in whichever channel. */
export interface Ids {
  /** The id of one more message. */
  next(epoch: string): MessageId
  /** The present place: that of the last id, in whichever channel. */
  here(epoch: string): MessageId
  /** Whether a place was reached. */
  reached(place: Moment): boolean
}

/** The counter begins with the microseconds of the second plus one, so that a place just before an id has its second. */
export function createIds(now: () => number): Ids {
  const clock = (): Moment => {
    const time = now()
    return { seconds: Math.floor(time / 1_000), counter: Math.floor(time % 1_000) * 1_000 + 1 }
  }
  let last = clock()
  return {
    next(epoch) {
      const time = clock()
      last = compareMoments(time, last) > 0 ? time : { seconds: last.seconds, counter: last.counter + 1 }
      return { seconds: last.seconds, counter: last.counter, epoch }
    },
    here: (epoch) => ({ seconds: last.seconds, counter: last.counter, epoch }),
    reached: (place) => compareMoments(place, last) <= 0,
  }
}
