import type { PushError } from '../errors.ts'
import { messageBuffer, tooLarge } from './message-limit.ts'

export interface LineSplitter {
  /** Returns whether the line that has no end yet is longer than twice the limit, and is not a comment. */
  feed(chunk: string): boolean
  /** Emits the line that has no end yet, with an error. */
  cut(): void
}

/** Receives a line: the characters of `text` from `start` to `end`. A string is made only of the parts that are used. */
type ReadLine = (text: string, start: number, end: number, error: PushError | undefined) => void

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const COLON = 58

/**
 * Splits text into lines that end with LF, CR or CRLF, wherever the text is cut into chunks. A line above the limit has an
 * error, and only its beginning is emitted. A line that begins with a colon is a comment: it may be of any length.
 */
export function splitLines(line: ReadLine, limit: number): LineSplitter {
  const begun = messageBuffer(limit)
  let isBegun = false
  let isComment = false
  // A CR ends its line at once. If the next chunk begins with a LF, that LF belongs to the same line end.
  let endedWithReturn = false

  const endBegun = (lastPiece: string) => {
    begun.add(lastPiece)
    const { error } = begun
    const text = begun.take()
    isBegun = false
    line(text, 0, text.length, error)
  }
  return {
    feed(chunk) {
      const { length } = chunk
      if (length === 0) return false
      let start = endedWithReturn && chunk.charCodeAt(0) === LINE_FEED ? 1 : 0
      endedWithReturn = chunk.charCodeAt(length - 1) === CARRIAGE_RETURN
      let carriageReturn = indexOrEnd(chunk, '\r', start)
      let lineFeed = indexOrEnd(chunk, '\n', start)
      for (;;) {
        const end = carriageReturn < lineFeed ? carriageReturn : lineFeed
        if (end === length) break
        if (isBegun) endBegun(chunk.slice(start, end))
        else line(chunk, start, end, undefined)
        start = end + 1
        const isReturnAndFeed = lineFeed === start && start < length
        if (isReturnAndFeed) start += 1
        // Each is searched for again only behind where it was found, so that a chunk is read once.
        if (carriageReturn < start) carriageReturn = indexOrEnd(chunk, '\r', start)
        if (lineFeed < start) lineFeed = indexOrEnd(chunk, '\n', start)
      }
      if (start === length) return false
      if (!isBegun) isComment = chunk.charCodeAt(start) === COLON
      isBegun = true
      begun.add(chunk.slice(start))
      return begun.isEndless && !isComment
    },
    cut() {
      if (!isBegun) return
      begun.add('')
      const { error = tooLarge(limit) } = begun
      const text = begun.take()
      isBegun = false
      line(text, 0, text.length, error)
    },
  }
}

function indexOrEnd(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from)
  return index < 0 ? text.length : index
}
