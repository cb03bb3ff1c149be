import { randomBytes } from 'node:crypto'
import { compareMoments, formatCursor, parseCursor, type CursorParts, type Moment } from '../../wire/cursor.ts'

/** A cursor that the hub issued. */
export interface MessageId extends Moment {
  /** The epoch of the hub, or of the channel if its name was deleted and used again. */
  readonly epoch: string
}

/** Draws an epoch: 48 random bits, so that no two hubs or channels share one. */
export const createEpoch = (): string => randomBytes(6).toString('hex')

export const formatId = (id: MessageId): string => formatCursor(id)

const CURSOR = /^\d{1,13}:\d{1,15}(\.[A-Za-z0-9]{1,64})?$/

/** Reads the cursor of a request. Undefined: the text cannot be a cursor. */
export const parseId = (text: string): CursorParts | undefined => (CURSOR.test(text) ? parseCursor(text) : undefined)

/** Issues the ids of one hub. Each id is after all ids before it, in any channel. */
export interface Ids {
  /** Issues the id of a message. */
  next(epoch: string): MessageId
  /** Returns the last id that was issued, in any channel, with this epoch. */
  current(epoch: string): MessageId
  /** Whether an id at or after this moment was issued. */
  reached(moment: Moment): boolean
}

/** The counter starts at the microseconds of the second plus one, so that the moment just before an id has its second. */
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
    current: (epoch) => ({ seconds: last.seconds, counter: last.counter, epoch }),
    reached: (moment) => compareMoments(moment, last) <= 0,
  }
}
