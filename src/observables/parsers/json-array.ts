import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { MAX_MESSAGE_BYTES, pieces } from './message-limit.ts'

const OUTSIDE_TEXT = /["[\]{},]/g
const INSIDE_TEXT = /["\\]/g

export interface JsonArrayReader {
  /** Throws where the text is not an array. */
  feed(chunk: string): void
  /** Throws where something follows the array; a `connection-lost` where the array is not whole. */
  end(): void
}

/**
 * A JSON array to its elements, each as it was written, however the array is cut into chunks. Elements are found, not
 * checked. One that is longer than the limit comes with an error, and is its beginning; one that does not end is told
 * and then thrown.
 */
export function jsonArray(
  element: (json: string, error: PushError | undefined) => void,
  limit: number = MAX_MESSAGE_BYTES,
): JsonArrayReader {
  const begun = pieces(limit)
  let escaped = false
  let depth = 0
  let elements = 0
  let inText = false
  let whole = false

  const tell = (json: string, error: PushError | undefined, closes: boolean) => {
    if (json === '' && closes && elements === 0) return
    if (json === '') throw new Error('an element of the JSON array is missing')
    elements += 1
    element(json, error)
  }
  /** Ends an element at a comma or at the array's bracket. */
  const end = (last: string, closes: boolean) => {
    begun.add(last)
    const { error } = begun
    tell(begun.take().trim(), error, closes)
  }

  return {
    feed(chunk) {
      if (chunk === '') return
      let begin = 0
      let at = escaped ? 1 : 0
      escaped = false
      for (;;) {
        const next = inText ? INSIDE_TEXT : OUTSIDE_TEXT
        next.lastIndex = at
        const found = next.exec(chunk)
        if (!found) break
        const [character] = found
        const here = found.index
        at = here + 1
        if (character === '\\') {
          // The next character is passed by, also where it comes with the next chunk.
          escaped = at === chunk.length
          at += 1
        } else if (character === '"') {
          if (depth === 0) throw notAnArray()
          inText = !inText
        } else if (character === ',') {
          if (depth === 0 && !whole) throw notAnArray()
          if (depth !== 1) continue
          end(chunk.slice(begin, here), false)
          begin = at
        } else if (character === ']' || character === '}') {
          depth -= 1
          if (depth < 0) throw notAnArray()
          if (depth > 0) continue
          end(chunk.slice(begin, here), true)
          begin = at
          whole = true
        } else {
          depth += 1
          if (depth > 1) continue
          begun.add(chunk.slice(begin, here))
          begin = at
          if (whole || character !== '[' || begun.take().trim() !== '') throw notAnArray()
        }
      }
      begun.add(chunk.slice(begin))
      if (!begun.endless) return
      const { error } = begun
      tell(begun.take(), error, false)
      throw error
    },
    end() {
      const rest = begun.take().trim()
      if (depth > 0 || (!whole && rest === ''))
        throw new PushError('connection-lost', DEV && 'The body ended before its JSON array did.')
      if (!whole || rest !== '') throw notAnArray()
    },
  }
}

const notAnArray = () => new Error('it is not a JSON array')
