import type { PushError } from '../errors.ts'
import { headerLines } from './header-lines.ts'
import { MAX_MESSAGE_BYTES, messageBuffer } from './message-limit.ts'

/** One part: its header fields by lower-case name, and its body. */
export interface Part {
  /** A line of the head that is not a field has the empty name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** The part is above the limit, and `body` is only its beginning. */
  readonly error?: PushError | undefined
}

export interface MultipartReader {
  part(part: Part): void
  /** The closing boundary was read: no part follows. */
  close(): void
}

/**
 * Splits the text of a multipart body (RFC 2046 section 5.1) into parts, wherever it is cut into chunks.
 *
 * A part is emitted as soon as the boundary after it was read. Text before the first boundary or after the last is skipped.
 * At twice the limit a part is emitted and its error is thrown.
 */
export function multipart(
  boundary: string,
  { part, close }: MultipartReader,
  limit: number = MAX_MESSAGE_BYTES,
): (chunk: string) => void {
  const delimiter = `\r\n--${boundary}`
  const body = messageBuffer(limit)
  // What may be the beginning of a boundary. The first boundary has no line end before it: this one makes it like the others.
  let rest = '\r\n'
  let at: 'preamble' | 'boundary' | 'part' | 'end' = 'preamble'

  const emitPart = () => {
    const { error } = body
    part(parsePart(body.take(), error))
    return error
  }
  return (chunk) => {
    if (at === 'end') return
    const text = rest + chunk
    let start = 0
    for (;;) {
      if (at === 'boundary') {
        // The two characters after a boundary show whether it closes the body. Nchan sends them with the next part.
        if (text.length < start + 2) break
        if (text.startsWith('--', start)) {
          at = 'end'
          rest = ''
          close()
          return
        }
        at = 'part'
      }
      const end = text.indexOf(delimiter, start)
      if (end < 0) {
        const known = Math.max(start, text.length - delimiter.length + 1)
        if (at === 'part') body.add(text.slice(start, known))
        start = known
        break
      }
      if (at === 'part') {
        body.add(text.slice(start, end))
        emitPart()
      }
      at = 'boundary'
      start = end + delimiter.length
    }
    rest = text.slice(start)
    if (body.isEndless) throw emitPart()
  }
}

function parsePart(text: string, error: PushError | undefined): Part {
  // White space may follow the boundary on its line. Header lines follow, then an empty line.
  const head = text.indexOf('\r\n') + 2
  const empty = text.indexOf('\r\n\r\n')
  if (empty < 0) return { headers: new Map([['', text.slice(head)]]), body: '', error }
  return { headers: headerLines(text, '\r\n', head, empty), body: text.slice(empty + 4), error }
}
