/**
 * Header lines, `name: value` each, by lower-case name. A line that is not a field is kept under the empty name, so that
 * the rest of a wrong head can still be used. It reads `text` from `at` to `end`, where the last line ends.
 */
export function fields(text: string, lineEnd: string, at: number, end: number): Map<string, string> {
  const found = new Map<string, string>()
  while (at < end) {
    const next = text.indexOf(lineEnd, at)
    const stop = next < 0 || next > end ? end : next
    const colon = text.indexOf(':', at)
    if (colon <= at || colon > stop) found.set('', text.slice(at, stop))
    else {
      // One space is what servers write; to trim it would be a string more for each line.
      const value = text.startsWith(' ', colon + 1) ? colon + 2 : colon + 1
      found.set(text.slice(at, colon).toLowerCase(), text.slice(value, stop).trim())
    }
    at = stop + lineEnd.length
  }
  return found
}
