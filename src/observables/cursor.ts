/**
 * A place in a channel. `space` names what one kind of server means by it: a value counts only within its space, and
 * only a dialect reads or writes it.
 */
export interface Cursor {
  readonly space: string
  readonly value: string
}

/** What one channel remembers from connection to connection. Mutable, because it moves with every message. */
export interface Place {
  space: string
  /** The last message's cursor; undefined where it carried none, so that nothing can be resumed. */
  value: string | undefined
  /** Whether anything was ever opened: from then on, what cannot be proved to continue is a gap. */
  opened: boolean
  /** Whether the server says by itself that messages are gone; else a place is proved to be known there. */
  tellsGaps?: boolean
}

/** Where a channel begins that knows nothing yet. */
export const nowhere = (): Place => ({ space: '', value: undefined, opened: false })
