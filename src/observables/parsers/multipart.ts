import type { PushError } from '../errors.ts'
import { MAX_MESSAGE_BYTES, pieces } from './message-limit.ts'
import { fields } from './header-lines.ts'

/** One part: its header fields by lower-case name, and its body. */
export interface Part {
  /** A line of the head that is not a field has the empty name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** The part is longer than the limit, and `body` is its beginning. */
  readonly error?: PushError | undefined
}

export interface MultipartReader {
  part(part: Part): void
  /** The closing boundary: no part follows. */
  close(): void
}

/**
 * Text of a multipart body (RFC 2046 section 5.1) to parts, however it is cut into chunks. A part is told as soon as
 * the boundary after it is there; what is before the first boundary or after the last is passed over. A part that does
 * not end is told and then thrown.
 */
export function multipart(
  boundary: string,
  { part, close }: MultipartReader,
  limit: number = MAX_MESSAGE_BYTES,
): (chunk: string) => void {
  const delimiter = `\r\n--${boundary}`
  const begun = pieces(limit)
  // What may be the beginning of a boundary. The first has no line end before it; with this one it is like the others.
  let rest = '\r\n'
  let at: 'preamble' | 'boundary' | 'part' | 'end' = 'preamble'

  const tell = () => {
    const { error } = begun
    part(parsePart(begun.take(), error))
    return error
  }
  return (chunk) => {
    if (at === 'end') return
    const text = rest + chunk
    let start = 0
    for (;;) {
      if (at === 'boundary') {
        // Two more characters tell a boundary from the closing one; Nchan sends them with the next part.
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
        const sure = Math.max(start, text.length - delimiter.length + 1)
        if (at === 'part') begun.add(text.slice(start, sure))
        start = sure
        break
      }
      if (at === 'part') {
        begun.add(text.slice(start, end))
        tell()
      }
      at = 'boundary'
      start = end + delimiter.length
    }
    rest = text.slice(start)
    if (begun.endless) throw tell()
  }
}

function parsePart(text: string, error: PushError | undefined): Part {
  // White space may pad the boundary's line; header lines follow, then an empty one.
  const head = text.indexOf('\r\n') + 2
  const empty = text.indexOf('\r\n\r\n')
  if (empty < 0) return { headers: new Map([['', text.slice(head)]]), body: '', error }
  return { headers: fields(text, '\r\n', head, empty), body: text.slice(empty + 4), error }
}
