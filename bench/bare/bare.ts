/** What a reader is told: the data, parsed, and where it was. */
export type Told = (data: unknown, cursor: string | undefined) => void

/**
 * How a competent person reads the hub without a library: the browser's own API and as much parsing as is needed to
 * know each message's data and cursor. No retry, no liveness, no sharing. It returns its undo.
 */
export type Bare = (url: string, told: Told) => () => void
