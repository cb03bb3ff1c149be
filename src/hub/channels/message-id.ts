/** A point in the order of a hub's messages. */
export interface Moment {
  readonly seconds: number
  readonly counter: number
}

/** A cursor that the hub issued. */
export interface MessageId extends Moment {
  /** The life of the channel that issued it: the hub's, or the channel's own where its name was ended before. */
  readonly epoch: string
}

/** A cursor as a request gives it. */
export interface RequestedId extends Moment {
  /** Undefined: it was not issued by a hub, unless it is `0:0`. */
  readonly epoch: string | undefined
}

/** Before every id. */
export const BEFORE_ALL: Moment = { seconds: 0, counter: 0 }

/** Negative where `a` is before `b`. Only ids of one life have an order that means something. */
export const compareIds = (a: Moment, b: Moment): number => a.seconds - b.seconds || a.counter - b.counter

export const formatId = ({ seconds, counter, epoch }: MessageId): string => `${seconds}:${counter}.${epoch}`

/** A cursor from the wire, or undefined for a text that cannot be one. */
export function parseId(text: string): RequestedId | undefined {
  const match = /^(\d{1,13}):(\d{1,15})(?:\.([A-Za-z0-9]{1,64}))?$/.exec(text)
  return match ? { seconds: Number(match[1]), counter: Number(match[2]), epoch: match[3] } : undefined
}

/** Whether a request asks for everything that is kept, by `0:0`. */
export const isBeginning = ({ seconds, counter, epoch }: RequestedId): boolean =>
  seconds === 0 && counter === 0 && epoch === undefined

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
      last = compareIds(time, last) > 0 ? time : { seconds: last.seconds, counter: last.counter + 1 }
      return { seconds: last.seconds, counter: last.counter, epoch }
    },
    here: (epoch) => ({ seconds: last.seconds, counter: last.counter, epoch }),
    reached: (place) => compareIds(place, last) <= 0,
  }
}
