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
  let begun = false
  let closed = false
  let searched = 0

  return (chunk) => {
    if (closed) return
    pending += chunk
    let start = 0
    for (;;) {
      const end = pending.indexOf(delimiter, Math.max(start, searched))
      const after = end + delimiter.length
      // Two more characters tell a boundary from the closing one.
      if (end < 0 || pending.length < after + 2) {
        searched = end < 0 ? Math.max(start, pending.length - delimiter.length) : end
        break
      }
      if (begun) part(parsePart(pending.slice(start, end)))
      begun = true
      if (pending.startsWith('--', after)) {
        closed = true
        pending = ''
        close()
        return
      }
      start = after
      searched = after
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
