import type { PushError } from '../errors.ts'
import { messageBuffer, tooLarge } from './message-limit.ts'

export interface LineSplitter {
  /** Returns whether the line that has no end yet is longer than twice the limit. */
  feed(chunk: string): boolean
  /** Emits the line that has no end yet, with an error. */
  cut(): void
}

/**
 * Splits text into lines that end with LF, CR or CRLF, wherever the text is cut into chunks. A line above the limit has an
 * error, and only its beginning is emitted.
 */
export function splitLines(line: (text: string, error: PushError | undefined) => void, limit: number): LineSplitter {
  const begun = messageBuffer(limit)
  let isBegun = false
  // A CR ends its line at once. If the next chunk begins with a LF, that LF belongs to the same line end.
  let endedWithReturn = false

  const endBegun = (lastPiece: string) => {
    begun.add(lastPiece)
    const { error } = begun
    isBegun = false
    line(begun.take(), error)
  }
  return {
    feed(chunk) {
      let start = endedWithReturn && chunk.startsWith('\n') ? 1 : 0
      let carriageReturn = indexOrEnd(chunk, '\r', start)
      let lineFeed = indexOrEnd(chunk, '\n', start)
      for (;;) {
        const end = Math.min(carriageReturn, lineFeed)
        if (end === chunk.length) break
        const text = chunk.slice(start, end)
        if (isBegun) endBegun(text)
        else line(text, undefined)
        start = lineFeed === carriageReturn + 1 ? lineFeed + 1 : end + 1
        // Each is searched for again only behind where it was found, so that a chunk is read once.
        if (carriageReturn < start) carriageReturn = indexOrEnd(chunk, '\r', start)
        if (lineFeed < start) lineFeed = indexOrEnd(chunk, '\n', start)
      }
      if (chunk !== '') endedWithReturn = chunk.endsWith('\r')
      if (start === chunk.length) return false
      isBegun = true
      begun.add(chunk.slice(start))
      return begun.isEndless
    },
    cut() {
      if (!isBegun) return
      begun.add('')
      const { error = tooLarge(limit) } = begun
      isBegun = false
      line(begun.take(), error)
    },
  }
}

function indexOrEnd(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from)
  return index < 0 ? text.length : index
}
