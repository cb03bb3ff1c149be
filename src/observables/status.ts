/**
 * How a channel is connected.
 *
 * - `idle`: it is not connected, because it has no readers or is paused.
 * - `connecting`: the first attempt runs.
 * - `open`: it is connected.
 * - `reconnecting`: a connection failed, and the next one is not open yet. `retryAt` is set while the client waits, and
 *   undefined while an attempt runs.
 * - `closed`: the server ended the channel, or `close()` was called.
 * - `failed`: a retry cannot help. `reconnect()` retries anyway.
 */
export type PushStatus = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'closed' | 'failed'
