import type { PushError } from '../errors.ts'
import { MAX_MESSAGE_BYTES, pieces } from './message-limit.ts'

/**
 * Text to lines (LF or CRLF), however it is cut into chunks. Empty lines are passed over: servers send them to keep a
 * connection alive. Text without a line end is not a line yet. A line that is longer than the limit comes with an error,
 * and is its beginning; one that does not end is told and then thrown.
 */
export function lines(
  line: (text: string, error: PushError | undefined) => void,
  limit: number = MAX_MESSAGE_BYTES,
): (chunk: string) => void {
  const pending = pieces(limit)
  const tell = (text: string, error: PushError | undefined) => {
    const whole = text.endsWith('\r') ? text.slice(0, -1) : text
    if (whole !== '') line(whole, error)
  }
  return (chunk) => {
    let start = 0
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      pending.add(chunk.slice(start, end))
      const { error } = pending
      tell(pending.take(), error)
      start = end + 1
    }
    if (start < chunk.length) pending.add(chunk.slice(start))
    if (!pending.endless) return
    const { error } = pending
    tell(pending.take(), error)
    throw error
  }
}
