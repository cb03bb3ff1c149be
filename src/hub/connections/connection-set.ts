/** An open connection: the hub sends it heartbeats, and closes it when the hub closes. */
export interface Connection {
  /** Sends a heartbeat. */
  ping(): void
  /** Ends the connection, so that the client reconnects. The channel does not end. */
  stop(): void
  /** Closes the connection without waiting for the client. */
  terminate(): void
}

/** The open connections of one hub. */
export interface ConnectionSet {
  /** Adds a connection, until the returned function is called. */
  add(connection: Connection): () => void
  ping(): void
  /** Ends every connection. Resolves when all are removed. */
  stop(): Promise<void>
}

/** How long a connection may take to end, in ms. */
const GRACE = 1_000

export function createConnectionSet(): ConnectionSet {
  const connections = new Set<Connection>()
  let onRemove = () => {}

  return {
    add(connection) {
      connections.add(connection)
      return () => {
        connections.delete(connection)
        onRemove()
      }
    },
    ping() {
      for (const connection of connections) connection.ping()
    },
    stop: () =>
      new Promise((resolve) => {
        // A client that is gone without closing never ends its side.
        const timeout = setTimeout(() => {
          for (const connection of connections) connection.terminate()
        }, GRACE)
        onRemove = () => {
          if (connections.size > 0) return
          clearTimeout(timeout)
          resolve()
        }
        for (const connection of connections) connection.stop()
        onRemove()
      }),
  }
}
