/**
 * How a channel is connected.
 *
 * - `idle`: not connected, because nobody reads it or because it is paused.
 * - `connecting`: the first attempt is under way.
 * - `open`: connected.
 * - `reconnecting`: from a failure until the connection is open again; it has a `retryAt` while it waits, and none while
 *   an attempt is under way.
 * - `closed`: the server ended the channel, or `close()` was called.
 * - `failed`: another attempt cannot help. `reconnect()` tries again all the same.
 */
export type PushStatus = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'closed' | 'failed'
