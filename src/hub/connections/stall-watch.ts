import type { Writable } from 'node:stream'

/** A connection that may wait for its client. */
export interface Watched {
  /** Whether the client has to act now: read bytes, send the rest of a message, or close. */
  readonly waiting: boolean
  /** Grows each time that the client has done part of it. */
  readonly progress: number
  destroy(): void
}

/** Destroys connections that make no progress. */
export interface StallWatch {
  /** Watches a connection until the returned function is called. */
  add(watched: Watched): () => void
  /** Watches that the client reads and closes a response or a connection that has ended. */
  addEnd(of: Writable): void
}

/** A connection has stalled after this many checks without progress. */
const CHECKS = 4

/**
 * Creates the one timer that limits every wait for a client. It counts checks, not clock time: neither a clock that is
 * set nor a process that was suspended closes a connection.
 *
 * @param stallTimeout In ms.
 */
export function createStallWatch(stallTimeout: number): StallWatch {
  // An idle connection has no record.
  const watched = new Map<Watched, { progress: number; checks: number } | undefined>()
  let timer: NodeJS.Timeout | undefined

  const check = () => {
    for (const [connection, record] of watched) {
      const { waiting, progress } = connection
      if (!waiting) {
        if (record) watched.set(connection, undefined)
      } else if (!record) watched.set(connection, { progress, checks: 1 })
      else if (progress > record.progress) {
        record.progress = progress
        record.checks = 0
      } else {
        record.checks += 1
        // The first check may have happened at once.
        if (record.checks > CHECKS) connection.destroy()
      }
    }
  }

  const add = (connection: Watched) => {
    watched.set(connection, undefined)
    // An idle hub has no timer, and a hub does not keep a process alive.
    timer ??= setInterval(check, stallTimeout / CHECKS).unref()
    return () => {
      watched.delete(connection)
      if (watched.size > 0) return
      clearInterval(timer)
      timer = undefined
    }
  }

  return {
    add,
    addEnd(of) {
      if (!of.destroyed) of.on('close', add(new End(of)))
    },
  }
}

/** Waits from the end of a writable until it is closed. */
class End implements Watched {
  readonly progress = 0
  private readonly of: Writable

  constructor(of: Writable) {
    this.of = of
  }

  get waiting(): boolean {
    return this.of.writableEnded
  }

  destroy(): void {
    this.of.destroy()
  }
}
