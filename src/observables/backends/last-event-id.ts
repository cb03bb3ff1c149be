import { headerValue } from '../http/header-value.ts'
import { recentMessages } from '../connection/drop-repeats.ts'
import type { Address, Target } from './backend.ts'

/** The space of event ids of servers that follow the standards and nothing else. */
export const PLACE = 'plain'

/** A request that resumes from the last event's id (WHATWG HTML section 9.2), where a header holds it. */
export function fromLastEvent({ url, headers, cursor }: Target, sendsHeaders: boolean, resumes: boolean): Address {
  const id = sendsHeaders && cursor?.space === PLACE ? headerValue(cursor.value) : undefined
  return {
    url,
    headers: { ...headers, ...(id !== undefined && { 'Last-Event-ID': id }) },
    space: PLACE,
    continuity: id === undefined ? 'unproven' : 'resumed',
    assumed: resumes ? undefined : recentMessages,
  }
}
