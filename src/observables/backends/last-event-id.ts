import { headerValue } from '../http/header-value.ts'
import { recentMessages } from '../connection/drop-repeats.ts'
import type { BackendRequest, Target } from './backend.ts'

/** The namespace of event ids of servers that follow the standards and nothing else. */
export const PLACE = 'standard'

/** A request that resumes from the last event's id (WHATWG HTML section 9.2), where a header holds it. */
export function fromLastEvent(
  { url, headers, cursor }: Target,
  sendsHeaders: boolean,
  resumes: boolean,
): BackendRequest {
  const id = sendsHeaders && cursor?.namespace === PLACE ? headerValue(cursor.value) : undefined
  return {
    url,
    headers: { ...headers, ...(id !== undefined && { 'Last-Event-ID': id }) },
    namespace: PLACE,
    resume: id === undefined ? 'no' : 'yes',
    assumed: resumes ? undefined : recentMessages,
  }
}
