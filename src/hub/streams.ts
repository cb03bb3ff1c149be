/** A connection that stays: it is given heartbeats, and told to come back when the hub stops. */
export interface Stream {
  /** Sends a sign of life. */
  beat(): void
  /** Ends the connection, not the channel. */
  stop(): void
}

/** The streams of one hub. */
export interface Streams {
  /** Keeps a stream until the function that comes back is called. */
  add(stream: Stream): () => void
  beat(): void
  stop(): void
}

export function createStreams(): Streams {
  const streams = new Set<Stream>()
  return {
    add(stream) {
      streams.add(stream)
      return () => streams.delete(stream)
    },
    beat() {
      for (const stream of streams) stream.beat()
    },
    stop() {
      for (const stream of streams) stream.stop()
      streams.clear()
    },
  }
}
