import { text } from './content-type.ts'
import { fields } from './fields.ts'
import type { Payload } from '../event.ts'

/** A frame of the `ws+meta.nchan` subprotocol: head lines by name, and the body. */
export interface MetaFrame {
  readonly head: ReadonlyMap<string, string>
  readonly body: Payload
}

const LINE_FEED = 10

/** Reads a frame: `name: value` lines, an empty line, the body. A frame without a head is all body. */
export function metaFrame(frame: Payload): MetaFrame {
  const end = typeof frame === 'string' ? frame.indexOf('\n\n') : emptyLine(frame)
  const lines = typeof frame === 'string' ? frame : text(frame.subarray(0, Math.max(0, end)))
  const head = end < 1 ? undefined : fields(lines, '\n', 0, Math.min(end, lines.length))
  if (!head) return { head: NONE, body: frame }
  return { head, body: typeof frame === 'string' ? frame.slice(end + 2) : frame.subarray(end + 2) }
}

const NONE: ReadonlyMap<string, string> = new Map()

function emptyLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (bytes[at + 1] === LINE_FEED) return at
  }
  return -1
}
