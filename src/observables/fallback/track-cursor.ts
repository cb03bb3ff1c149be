import { moved, type Cursor } from '../connection/cursor.ts'
import type { SourceEvent } from '../events.ts'
import type { PushRequest } from '../techniques/technique.ts'

/** Follows the cursor from which another connection would resume. */
export interface CursorTracker {
  next(event: SourceEvent): void
  /** The namespace of the connection in use. */
  readonly namespace: string
  /** Undefined if requests must not have one, and after a message without a cursor, which would be repeated. */
  readonly cursor: Cursor | undefined
}

export function trackCursor({ cursor, withoutCursor }: Pick<PushRequest, 'cursor' | 'withoutCursor'>): CursorTracker {
  let { namespace = '', value = undefined as string | undefined } = cursor ?? {}
  return {
    next(event) {
      if (event.type === 'message') value = event.cursor || undefined
      else if (event.type === 'open') {
        namespace = event.namespace
        if (!event.resumed) value = undefined
      } else if (event.type !== 'retry') value = moved(value, event.cursor)
    },
    get namespace() {
      return namespace
    },
    get cursor() {
      return value === undefined || withoutCursor ? undefined : { namespace, value }
    },
  }
}
