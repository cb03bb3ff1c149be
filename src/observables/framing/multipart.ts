import { fields } from './fields.ts'

/** One part: its header fields by lower-case name, and its body. */
export interface Part {
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface MultipartReader {
  part(part: Part): void
  /** The closing boundary: no part follows. */
  close(): void
}

/**
 * Text of a multipart body (RFC 2046 section 5.1) to parts, however it is cut into chunks. A part is told as soon as
 * the boundary after it is there; what is before the first boundary or after the last is passed over.
 */
export function multipart(boundary: string, { part, close }: MultipartReader): (chunk: string) => void {
  const delimiter = `\r\n--${boundary}`
  // The first boundary has no line end before it; with this one it is like the others.
  let pending = '\r\n'
  let at: 'preamble' | 'boundary' | 'part' = 'preamble'
  let closed = false
  let searched = 0

  return (chunk) => {
    if (closed) return
    pending += chunk
    let start = 0
    for (;;) {
      if (at === 'boundary') {
        // Two more characters tell a boundary from the closing one; Nchan sends them with the next part.
        if (pending.length < start + 2) break
        if (pending.startsWith('--', start)) {
          closed = true
          pending = ''
          close()
          return
        }
        at = 'part'
      }
      const end = pending.indexOf(delimiter, Math.max(start, searched))
      if (end < 0) {
        searched = Math.max(start, pending.length - delimiter.length)
        break
      }
      if (at === 'part') part(parsePart(pending.slice(start, end)))
      at = 'boundary'
      start = searched = end + delimiter.length
    }
    if (start > 0) {
      pending = pending.slice(start)
      searched -= start
    }
  }
}

function parsePart(text: string): Part {
  // White space may pad the boundary's line; header lines follow, then an empty one.
  const head = text.indexOf('\r\n') + 2
  const empty = text.indexOf('\r\n\r\n')
  const end = empty < 0 ? text.length : empty
  return { headers: fields(text, '\r\n', head, end) ?? new Map(), body: text.slice(end + 4) }
}
