import { text } from './content-type.ts'
import { fields } from './header-lines.ts'
import type { Payload } from '../events.ts'

/** A frame of the `ws+meta.nchan` subprotocol: head lines by name, and the body. */
export interface MetaFrame {
  readonly head: ReadonlyMap<string, string>
  readonly body: Payload
}

const LINE_FEED = 10

/** How much of a frame is looked at for a head that has no end, in characters. */
const LONGEST_HEAD = 4_096

/**
 * Reads a frame: `name: value` lines, an empty line, the body. A line of the head that is not a field has the empty name;
 * where the head has no end, that is the frame itself.
 */
export function metaFrame(frame: Payload): MetaFrame {
  const end = typeof frame === 'string' ? frame.indexOf('\n\n') : emptyLine(frame)
  const stop = end < 0 ? LONGEST_HEAD : end
  const lines = typeof frame === 'string' ? frame : text(frame.subarray(0, stop))
  // A line that is not seen whole is not read: its value would be another one.
  const read = end < 0 && frame.length > LONGEST_HEAD ? lines.lastIndexOf('\n', stop - 1) : Math.min(stop, lines.length)
  const head = fields(lines, '\n', 0, read)
  if (end < 0) head.set('', lines.slice(0, stop))
  return { head, body: typeof frame === 'string' ? frame.slice(end + 2) : frame.subarray(end + 2) }
}

function emptyLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (bytes[at + 1] === LINE_FEED) return at
  }
  return -1
}
