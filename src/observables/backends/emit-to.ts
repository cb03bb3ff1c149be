import type { Subscriber } from 'rxjs'
import { END } from './backend.ts'

/** Returns the function that emits what a reader reads: `END` completes the subscriber, everything else is emitted. */
export const emitTo =
  <E>(subscriber: Subscriber<E>) =>
  (event: E | typeof END): void =>
    event === END ? subscriber.complete() : subscriber.next(event as E)
