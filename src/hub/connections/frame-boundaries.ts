/** Bits of the first and the second byte of a frame (RFC 6455 section 5.2). */
const FIN = 0x80
const CONTROL = 0x08
const MASKED = 0x80
const LENGTH = 0x7f

/**
 * Follows the frames that a WebSocket client sends, and counts the bytes of messages that are incomplete. It does not read
 * their payloads.
 */
export class FrameBoundaries {
  /** The current head: its first byte, how much of it has arrived, where its length field ends, and where it ends. */
  private first = 0
  private headLength = 0
  private lengthEnd = 2
  private headEnd = 2
  private length = 0
  /** The bytes of the current frame's payload that have not arrived. */
  private left = 0
  /** The size of the incomplete message and of the incomplete control frame, in bytes. */
  private message = 0
  private control = 0
  /** How many messages are complete. */
  messages = 0

  /** The size of incomplete messages and control frames, including frame heads, in bytes. */
  get incomplete(): number {
    return this.message + this.control
  }

  read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const start = at
      if (this.left === 0) at = this.readHead(chunk, at)
      const read = Math.min(this.left, chunk.length - at)
      this.left -= read
      at += read
      this.count(at - start)
    }
  }

  /** Continues a head. Returns the index at which the head or the chunk ends. */
  private readHead(chunk: Buffer, from: number): number {
    let at = from
    for (; at < chunk.length && this.headLength < this.headEnd; at += 1) this.readByte(chunk[at] ?? 0)
    if (this.headLength === this.headEnd) this.left = this.length
    return at
  }

  private readByte(byte: number): void {
    const index = this.headLength
    this.headLength += 1
    if (index === 0) this.first = byte
    else if (index === 1) {
      const short = byte & LENGTH
      this.length = short < 126 ? short : 0
      this.lengthEnd = 2 + (short < 126 ? 0 : short === 126 ? 2 : 8)
      this.headEnd = this.lengthEnd + (byte & MASKED ? 4 : 0)
    } else if (index < this.lengthEnd) this.length = this.length * 256 + byte
  }

  private count(bytes: number): void {
    const { first } = this
    const isControl = (first & CONTROL) !== 0
    if (isControl) this.control += bytes
    else this.message += bytes
    if (this.left > 0 || this.headLength < this.headEnd) return
    this.headLength = 0
    this.headEnd = 2
    if (isControl) this.control = 0
    else if (first & FIN) {
      this.message = 0
      this.messages += 1
    }
  }
}
