/** In the first byte of a frame, and in its second one (RFC 6455 section 5.2). */
const FIN = 0x80
const CONTROL = 0x08
const MASKED = 0x80
const LENGTH = 0x7f

/**
 * Follows the frames in what a client sends over a WebSocket, to tell how much of a message that is not whole has come.
 * What is in them is not looked at.
 */
export class FrameBoundaries {
  /** Of the present head: its first byte, how much of it has come, where its length ends, and where it does. */
  private first = 0
  private headLength = 0
  private lengthEnd = 2
  private headEnd = 2
  private length = 0
  /** Of the present frame's payload, in bytes. */
  private left = 0
  /** Of a message that is not whole, and of a control frame that is not, in bytes. */
  private message = 0
  private control = 0
  /** How many messages were whole. */
  messages = 0

  /** In bytes, with the heads of frames. */
  get unfinished(): number {
    return this.message + this.control
  }

  read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const begun = at
      if (this.left === 0) at = this.readHead(chunk, at)
      const taken = Math.min(this.left, chunk.length - at)
      this.left -= taken
      at += taken
      this.count(at - begun)
    }
  }

  /** Reads on in a head, and returns where that ended: with the head, or with the bytes. */
  private readHead(chunk: Buffer, from: number): number {
    let at = from
    for (; at < chunk.length && this.headLength < this.headEnd; at += 1) this.readByte(chunk[at] ?? 0)
    if (this.headLength === this.headEnd) this.left = this.length
    return at
  }

  private readByte(byte: number): void {
    const place = this.headLength
    this.headLength += 1
    if (place === 0) this.first = byte
    else if (place === 1) {
      const short = byte & LENGTH
      this.length = short < 126 ? short : 0
      this.lengthEnd = 2 + (short < 126 ? 0 : short === 126 ? 2 : 8)
      this.headEnd = this.lengthEnd + (byte & MASKED ? 4 : 0)
    } else if (place < this.lengthEnd) this.length = this.length * 256 + byte
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
