import type { Writable } from 'node:stream'

/** A connection whose other side may be waited for. */
export interface Watched {
  /** Whether the other side has to do something now: take bytes, send the rest of a message, or close. */
  readonly waiting: boolean
  /** Grows each time that the other side has done some of it. */
  readonly progress: number
  destroy(): void
}

/** Destroys connections that make no progress. */
export interface StallWatch {
  /** Watches a connection until the returned function is called. */
  add(watched: Watched): () => void
  /** Watches that a response or a connection which has ended is taken and closed by the other side. */
  addEnd(of: Writable): void
}

/** How many checks without progress make a stall. */
const CHECKS = 4

/**
 * The limit on no progress, for whatever waits. One timer for all: it counts checks, not clock time, so that neither a
 * clock that is set nor a process that was suspended ends a connection.
 */
export function createStallWatch(stallTimeout: number): StallWatch {
  // What is idle has no record.
  const connections = new Map<Watched, { progress: number; checks: number } | undefined>()
  let timer: NodeJS.Timeout | undefined

  const check = () => {
    for (const [connection, seen] of connections) {
      const { waiting, progress } = connection
      if (!waiting) {
        if (seen) connections.set(connection, undefined)
      } else if (!seen) connections.set(connection, { progress, checks: 1 })
      else if (progress > seen.progress) {
        seen.progress = progress
        seen.checks = 0
      } else {
        seen.checks += 1
        // The first check may have come at once.
        if (seen.checks > CHECKS) connection.destroy()
      }
    }
  }

  const add = (watched: Watched) => {
    connections.set(watched, undefined)
    // An idle hub has no timer, and a hub does not keep a process alive.
    timer ??= setInterval(check, stallTimeout / CHECKS).unref()
    return () => {
      connections.delete(watched)
      if (connections.size > 0) return
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

/** What has ended is waited for until it is closed. */
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
