import { collectBytes, type Unkept } from './collect-bytes.ts'
import type { Reception } from './incoming.ts'

const LINE_FEED = 10

export interface LineReader {
  line(text: string): void
  /** A line cannot be kept; nothing is read after it. */
  unkept(why: Unkept): void
}

/** Bytes to lines of text (LF), however they come; `limit` is the most that one may have, in bytes. */
export function readLines(
  limit: () => number,
  reception: Reception,
  { line, unkept }: LineReader,
): (chunk: Buffer) => void {
  const begun = collectBytes(limit, reception)
  let over = false
  return (chunk) => {
    let rest = chunk
    while (!over && rest.length > 0) {
      const end = rest.indexOf(LINE_FEED)
      const piece = end < 0 ? rest : rest.subarray(0, end)
      const why = begun.add(piece)
      over = why !== undefined
      if (why) return unkept(why)
      if (end < 0) return
      rest = rest.subarray(end + 1)
      line(begun.take().toString())
    }
  }
}
