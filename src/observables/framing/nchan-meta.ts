import { text } from './content-type.ts'
import type { Payload } from '../event.ts'

/** A frame of the `ws+meta.nchan` subprotocol: head lines by name, and the body. */
export interface MetaFrame {
  readonly head: Readonly<Record<string, string>>
  readonly body: Payload
}

const LINE_FEED = 10

/** Reads a frame: `name: value` lines, an empty line, the body. A frame without a head is all body. */
export function metaFrame(frame: Payload): MetaFrame {
  const end = typeof frame === 'string' ? frame.indexOf('\n\n') : emptyLine(frame)
  if (end < 0) return { head: {}, body: frame }
  const head: Record<string, string> = Object.create(null)
  const lines = typeof frame === 'string' ? frame.slice(0, end) : text(frame.subarray(0, end))
  for (const line of lines.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) return { head: {}, body: frame }
    head[line.slice(0, colon)] = line.slice(colon + 1).trim()
  }
  return { head, body: typeof frame === 'string' ? frame.slice(end + 2) : frame.subarray(end + 2) }
}

function emptyLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (bytes[at + 1] === LINE_FEED) return at
  }
  return -1
}
