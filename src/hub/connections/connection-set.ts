/** A connection that stays: it is given heartbeats, and told to come back when the hub stops. */
export interface Stream {
  /** Sends a sign of life. */
  beat(): void
  /** Ends the connection, not the channel. */
  stop(): void
  /** Ends the connection without waiting for the other side. */
  cut(): void
}

/** The streams of one hub. */
export interface Streams {
  /** Keeps a stream until the function that comes back is called. */
  add(stream: Stream): () => void
  beat(): void
  /** Ends every stream; resolves when all are gone. */
  stop(): Promise<void>
}

/** How long a stream may take to end, in ms. */
const GRACE = 1_000

export function createStreams(): Streams {
  const streams = new Set<Stream>()
  let left = () => {}

  return {
    add(stream) {
      streams.add(stream)
      return () => {
        streams.delete(stream)
        left()
      }
    },
    beat() {
      for (const stream of streams) stream.beat()
    },
    stop: () =>
      new Promise((resolve) => {
        // A peer that is gone without a word never ends its side.
        const impatience = setTimeout(() => {
          for (const stream of streams) stream.cut()
        }, GRACE)
        left = () => {
          if (streams.size > 0) return
          clearTimeout(impatience)
          resolve()
        }
        for (const stream of streams) stream.stop()
        left()
      }),
  }
}
