import { Subscription, type SchedulerLike } from 'rxjs'
import { runAfter } from '../internal/time.ts'

export interface Reader<E> {
  next(event: E): void
  /** The reader leaves when it is closed. */
  readonly life: Subscription
}

export interface ReaderSetOptions {
  /** How long a channel without readers is kept, in ms. */
  disconnectDelay: () => number
  scheduler: SchedulerLike
  /** Called when there has been no reader for that long. */
  idle: () => void
}

/** Gives an event to the readers that have not left. */
export function deliver<E>(readers: readonly Reader<E>[], event: E): void {
  for (const { next, life } of readers) if (!life.closed) next(event)
}

/** The readers of one channel. After the last one has left, the channel is kept for a while. */
export function readerSet<E>({ disconnectDelay, scheduler, idle }: ReaderSetOptions) {
  // Replaced whole on every change, so that a delivery walks the readers it began with.
  let readers: readonly Reader<E>[] = []
  let lingering = Subscription.EMPTY

  return {
    /** The readers of now, which a delivery keeps. */
    get present() {
      return readers
    },
    /** Adds a reader until its life is closed; `left` is called if no other reader remains then. */
    add(reader: Reader<E>, left: () => void) {
      readers = [...readers, reader]
      reader.life.add(() => {
        readers = readers.filter((other) => other !== reader)
        if (readers.length > 0) return
        left()
        const delay = disconnectDelay()
        if (delay === 0) idle()
        else lingering = runAfter(delay, scheduler, idle)
      })
    },
    /** Keeps the channel: it is idle already, or about to be read again. */
    keep: () => lingering.unsubscribe(),
  }
}
