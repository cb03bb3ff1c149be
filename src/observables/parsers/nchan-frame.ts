import type { Payload } from '../events.ts'
import { headerLines } from './header-lines.ts'
import { decodeUtf8 } from './utf8.ts'

/** A frame of the `ws+meta.nchan` subprotocol: its head lines by name, and its body. */
export interface NchanFrame {
  readonly head: ReadonlyMap<string, string>
  readonly body: Payload
}

const LINE_FEED = 10

/** How much of a frame is searched for the end of its head, in characters or bytes. */
const MAX_HEAD_LENGTH = 4_096

/**
 * Reads a frame: `name: value` lines, an empty line, the body. A head line that is not a field has the empty name. Where
 * the head has no end, the frame itself has the empty name.
 */
export function nchanFrame(frame: Payload): NchanFrame {
  const end = typeof frame === 'string' ? frame.indexOf('\n\n') : emptyLine(frame)
  const stop = end < 0 ? MAX_HEAD_LENGTH : end
  const text = typeof frame === 'string' ? frame : decodeUtf8(frame.subarray(0, stop))
  // A line that is cut is not read: its value would be another one.
  const isCut = end < 0 && frame.length > MAX_HEAD_LENGTH
  const head = headerLines(text, '\n', 0, isCut ? text.lastIndexOf('\n', stop - 1) : Math.min(stop, text.length))
  if (end < 0) head.set('', text.slice(0, stop))
  return { head, body: typeof frame === 'string' ? frame.slice(end + 2) : frame.subarray(end + 2) }
}

function emptyLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (bytes[at + 1] === LINE_FEED) return at
  }
  return -1
}
