/**
 * The frames of a session (PROTOCOL.md section 11): a JSON array of heads, and after a line feed the bodies of those heads
 * that state a `length`, one directly after the other.
 */

/** WebSocket subprotocol of a session. */
export const SESSION_SUBPROTOCOL = 'push.v2'

/** Query parameter of a POST: the session that its frame belongs to. */
export const SESSION = 'session'

/** Query parameter of a POST: its number in its session, so that a POST that is repeated is carried out once. */
export const POST_NUMBER = 'number'

/** A text frame states lengths in UTF-16 units, and a frame of bytes in bytes. */
export type Frame = string | Uint8Array

/** The head of one message or command, not checked. */
export type FrameHead = Readonly<Record<string, unknown>>

/** Joins text frames into one. */
export function joinFrames(frames: readonly string[]): string {
  let heads = ''
  let bodies = ''
  for (const frame of frames) {
    const end = frame.indexOf('\n')
    const array = end < 0 ? frame : frame.slice(0, end)
    heads += `${heads && ','}${array.slice(1, -1)}`
    if (end >= 0) bodies += frame.slice(end + 1)
  }
  return bodies === '' ? `[${heads}]` : `[${heads}]\n${bodies}`
}

/** Writes a frame of one head. */
export function writeFrame(head: FrameHead, body?: Frame): Frame {
  if (body === undefined) return JSON.stringify([head])
  const start = `${JSON.stringify([{ ...head, length: body.length }])}\n`
  if (typeof body === 'string') return start + body
  const bytes = new TextEncoder().encode(start)
  const frame = new Uint8Array(bytes.length + body.length)
  frame.set(bytes)
  frame.set(body, bytes.length)
  return frame
}

/**
 * Calls `read` with each head of a frame and its body, after the whole frame was checked.
 *
 * @throws SyntaxError if the frame is not valid.
 */
export function readFrame(frame: Frame, read: (head: FrameHead, body: Frame | undefined) => void): void {
  const end = typeof frame === 'string' ? frame.indexOf('\n') : frame.indexOf(LINE_FEED)
  const start = end < 0 ? frame.length : end
  const heads: unknown = JSON.parse(
    typeof frame === 'string' ? frame.slice(0, start) : new TextDecoder().decode(frame.subarray(0, start)),
  )
  if (!Array.isArray(heads)) throw new SyntaxError('A frame begins with a JSON array of heads.')
  let at = Math.min(start + 1, frame.length)
  const rest = frame.length - at
  let length = 0
  for (const head of heads as readonly unknown[]) length += lengthOf(head, rest) ?? 0
  if (length !== rest) throw new SyntaxError('The lengths of the heads are not those of the bodies.')
  for (const head of heads as readonly FrameHead[]) {
    const size = lengthOf(head, rest)
    read(head, size === undefined ? undefined : bodyOf(frame, at, (at += size)))
  }
}

const LINE_FEED = 10

function lengthOf(head: unknown, rest: number): number | undefined {
  if (typeof head !== 'object' || head === null || Array.isArray(head))
    throw new SyntaxError('The head of a frame is a JSON object.')
  const { length } = head as FrameHead
  if (length === undefined) return undefined
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0 || length > rest)
    throw new SyntaxError('The `length` of a head is a whole number, and at most that of the bodies.')
  return length
}

const bodyOf = (frame: Frame, start: number, end: number): Frame =>
  typeof frame === 'string' ? frame.slice(start, end) : frame.subarray(start, end)
