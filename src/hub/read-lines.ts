const LINE_FEED = 10

export interface LineReader {
  line(text: string): void
  /** A line is longer than it may be; nothing is read after it. */
  tooLong(): void
}

/** Bytes to lines of text (LF), however they come; `limit` is the most that one may have, in bytes. */
export function readLines(limit: () => number, { line, tooLong }: LineReader): (chunk: Buffer) => void {
  let pending: Buffer[] = []
  let size = 0
  let over = false
  return (chunk) => {
    let rest = chunk
    while (!over && rest.length > 0) {
      const end = rest.indexOf(LINE_FEED)
      const piece = end < 0 ? rest : rest.subarray(0, end)
      size += piece.length
      over = size > limit()
      if (over) return tooLong()
      pending.push(piece)
      if (end < 0) return
      const text = Buffer.concat(pending).toString()
      pending = []
      size = 0
      rest = rest.subarray(end + 1)
      line(text)
    }
  }
}
