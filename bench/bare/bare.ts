/** Called with the parsed data and the cursor of each message. */
export type OnMessage = (data: unknown, cursor: string | undefined) => void

/**
 * Reads the hub without a library: the browser's API, and the parsing that is needed for each message's data and cursor. It
 * has no retry, no heartbeat and no sharing. Returns the function that closes the connection.
 */
export type Bare = (url: string, onMessage: OnMessage) => () => void
