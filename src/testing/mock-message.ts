import { rejectionCode } from '../observables/errors.ts'
import { PushError } from '../observables/kit.ts'

/** The name and cursor of a message that the mock emits. */
export interface MockMessageOptions {
  /** The event's name. @default 'message' */
  event?: string
  /** The message's cursor, or null for none. @default the next of `c1`, `c2`, ... if the technique resumes */
  cursor?: string | null
}

/** Returns the next cursor, and the last one. */
export interface MockCursors {
  next(): string
  last(): string
}

/** Returns the error of a request, or of a topic, that the mock server rejects with a status. */
export const mockRejection = (rejected: string, technique: string, status: number) =>
  new PushError(
    status === 429 || status >= 500 ? 'unavailable' : rejectionCode(status),
    `The mock server rejected ${rejected} with ${status}.`,
    { technique, status },
  )
