import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'

/** Writes frames in order. */
export interface FrameOutbox {
  /** Writes a frame, or keeps it while the connection has no room. @throws PushError if the connection is closing */
  write(frame: Payload): void
  /** Writes what is kept, as far as there is room now. */
  flush(): void
}

/**
 * Creates an outbox for one connection. A full connection is no failure here: messages may be sent again all at once, and
 * would never get through if the first one without room failed them all. What the server acknowledges makes room.
 */
export function frameOutbox(write: (frame: Payload) => void): FrameOutbox {
  let waiting: Payload[] = []

  const flush = () => {
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      try {
        write(first)
      } catch (error) {
        if (error instanceof PushError && error.code === 'buffer-full') return
        waiting = []
        throw error
      }
      waiting.shift()
    }
  }

  return {
    write(frame) {
      waiting.push(frame)
      flush()
    },
    flush,
  }
}
