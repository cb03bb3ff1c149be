const OUTSIDE_TEXT = /["[\]{},]/g
const INSIDE_TEXT = /["\\]/g

/**
 * A JSON array to its elements, each as it was written, however the array is cut into chunks. Elements are found, not
 * checked. Throws where the text is no array; `end` throws where it is not whole.
 */
export function jsonArray(element: (json: string) => void): { feed(chunk: string): void; end(): void } {
  let text = ''
  let begin = 0
  let at = 0
  let depth = 0
  let elements = 0
  let inText = false
  let whole = false

  /** What stands between `begin` and here. */
  const passed = (here: number): string => {
    const json = text.slice(begin, here).trim()
    begin = here + 1
    return json
  }
  const tell = (json: string, closes: boolean) => {
    if (json === '' && closes && elements === 0) return
    if (json === '') throw new Error('an element of the JSON array is missing')
    elements += 1
    element(json)
  }
  const step = (character: string, here: number) => {
    at = here + 1
    // What is escaped is passed by, also where it comes with the next chunk.
    if (character === '\\') at = here + 2
    else if (character === '"') inText = !inText
    else if (character === ',') {
      if (depth === 1) tell(passed(here), false)
    } else if (character === ']' || character === '}') {
      depth -= 1
      if (depth < 0) throw notAnArray()
      if (depth > 0) return
      tell(passed(here), true)
      whole = true
    } else {
      depth += 1
      if (depth === 1 && (whole || passed(here) !== '' || character !== '[')) throw notAnArray()
    }
  }

  return {
    feed(chunk) {
      text += chunk
      for (;;) {
        const next = inText ? INSIDE_TEXT : OUTSIDE_TEXT
        next.lastIndex = at
        const found = next.exec(text)
        if (!found) break
        step(found[0], found.index)
        if (depth === 0 && !whole) throw notAnArray()
      }
      at = Math.max(at, text.length) - begin
      text = text.slice(begin)
      begin = 0
    },
    end() {
      if (!whole || text.trim() !== '') throw notAnArray()
    },
  }
}

const notAnArray = () => new Error('it is not a JSON array')
