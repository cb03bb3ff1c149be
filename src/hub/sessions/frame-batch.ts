import { joinBuffers } from './frames.ts'
import type { SessionOutput } from './session-output.ts'

/** How much is joined into one frame, in bytes. A longer message is a frame of its own. */
const MAX = 65_536

/** Joins what a session sends in one turn of the event loop into one frame. It is a class because a hub has thousands of sessions. */
export class FrameBatch {
  private readonly output: Pick<SessionOutput, 'write'>
  private readonly onError: (error: unknown) => void
  private frames: Buffer[] = []
  private total = 0
  private isBytes = false

  /** @param onError Called with the error of a frame that could not be encoded. */
  constructor(output: Pick<SessionOutput, 'write'>, onError: (error: unknown) => void) {
    this.output = output
    this.onError = onError
  }

  /** In bytes. */
  get size(): number {
    return this.total
  }

  /** Adds a frame. It writes those before it, if they do not go together. */
  add(frame: Buffer, isBytes: boolean): void {
    if (this.total > 0 && (isBytes !== this.isBytes || this.total + frame.length > MAX)) this.write()
    this.isBytes = isBytes
    this.frames.push(frame)
    this.total += frame.length
  }

  write(): void {
    const { frames } = this
    if (frames.length === 0) return
    this.clear()
    try {
      this.output.write(joinBuffers(frames), this.isBytes)
    } catch (error) {
      this.onError(error)
    }
  }

  clear(): void {
    this.frames = []
    this.total = 0
  }
}
