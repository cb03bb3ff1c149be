/** A cursor as the hub counts it. */
export interface MessageId {
  readonly seconds: number
  readonly counter: number
}

/** Before every id. */
export const BEFORE_ALL: MessageId = { seconds: 0, counter: 0 }

/** Negative where `a` is before `b`. */
export const compareIds = (a: MessageId, b: MessageId): number => a.seconds - b.seconds || a.counter - b.counter

export const formatId = ({ seconds, counter }: MessageId): string => `${seconds}:${counter}`

/** A place before this id, and after every one that was issued before it. */
export const placeBefore = ({ seconds, counter }: MessageId): MessageId =>
  counter > 0 ? { seconds, counter: counter - 1 } : { seconds: seconds - 1, counter: 0 }

/** A cursor from the wire, or undefined for what cannot be one. */
export function parseId(text: string): MessageId | undefined {
  const match = /^(\d{1,13}):(\d{1,15})$/.exec(text)
  return match ? { seconds: Number(match[1]), counter: Number(match[2]) } : undefined
}

/**
 * An id for now, after `last`. The counter begins with the microseconds of the second, so that a hub that is started
 * anew within a second issues none of the ids of its life before; a clock that goes back never takes the ids along.
 */
export function nextId(last: MessageId, now: number): MessageId {
  const fresh = { seconds: Math.floor(now / 1_000), counter: Math.floor(now % 1_000) * 1_000 }
  return compareIds(fresh, last) > 0 ? fresh : { seconds: last.seconds, counter: last.counter + 1 }
}
