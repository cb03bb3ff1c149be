/**
 * Reads header lines, `name: value` each, into a map by lower-case name. It reads `text` from `at` to `end`, where the last
 * line ends. A line that is not a field is kept under the empty name, so that the other fields can still be used.
 */
export function headerLines(text: string, lineEnd: string, at: number, end: number): Map<string, string> {
  const headers = new Map<string, string>()
  while (at < end) {
    const next = text.indexOf(lineEnd, at)
    const stop = next < 0 || next > end ? end : next
    const colon = text.indexOf(':', at)
    if (colon <= at || colon > stop) headers.set('', text.slice(at, stop))
    else {
      // Servers write one space. Skipping it here saves one string for each line.
      const value = text.startsWith(' ', colon + 1) ? colon + 2 : colon + 1
      headers.set(text.slice(at, colon).toLowerCase(), text.slice(value, stop).trim())
    }
    at = stop + lineEnd.length
  }
  return headers
}

/** Whether a header has this value. Case does not matter. */
export const headerIs = (
  headers: { get(name: string): string | null | undefined },
  name: string,
  value: string,
): boolean => headers.get(name)?.toLowerCase() === value.toLowerCase()
