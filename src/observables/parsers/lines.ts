import type { PushError } from '../errors.ts'
import { MAX_MESSAGE_BYTES, messageBuffer } from './message-limit.ts'

/**
 * Splits text into messages of one line (LF or CRLF), wherever it is cut into chunks. A lone CR belongs to its line.
 *
 * Empty lines are skipped: servers send them to keep a connection alive. Text without a line end is not a message yet. A
 * line above the limit has an error, and only its beginning is emitted. At twice the limit it is emitted and its error is
 * thrown.
 */
export function lines(
  line: (text: string, error: PushError | undefined) => void,
  limit: number = MAX_MESSAGE_BYTES,
): (chunk: string) => void {
  const rest = messageBuffer(limit)
  const endLine = () => {
    const { error } = rest
    const text = rest.take()
    const message = text.endsWith('\r') ? text.slice(0, -1) : text
    if (message !== '') line(message, error)
    return error
  }
  return (chunk) => {
    let start = 0
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      rest.add(chunk.slice(start, end))
      endLine()
      start = end + 1
    }
    if (start < chunk.length) rest.add(chunk.slice(start))
    if (rest.isEndless) throw endLine()
  }
}
