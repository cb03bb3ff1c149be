import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'

/** Writes frames in order. */
export interface FrameOutbox {
  /** Writes a frame, or keeps it while the connection has no room. @throws PushError if the connection is closing */
  write(frame: Payload): void
  /** Writes the frames that are kept, while the connection has room. */
  flush(): void
}

/**
 * Creates an outbox for one connection. After a reconnect, many messages may be sent again at once. If a full connection
 * failed them, each reconnect would fail in the same way. Frames therefore wait until the server has acknowledged others.
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
