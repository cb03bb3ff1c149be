import type { EndReason } from '../connections/sink.ts'

/** Where a session writes its frames to. */
export interface SessionOutput {
  /** Whether the client takes more now. */
  readonly hasRoom: boolean
  /** Whether live messages may wait here. Otherwise the session reads them from their channels when there is room. */
  readonly takesLive: boolean
  /** Whether frames of bytes can be written. Otherwise every frame is text. */
  readonly takesBytes: boolean
  /** The bytes that wait. */
  readonly size: number
  write(frame: Buffer, isBytes: boolean): void
  /** Everything that there is room for was written. `hasMore`: the session has more. */
  flush(hasMore: boolean): void
  /** Ends the connection after everything written. */
  end(reason: EndReason): void
  destroy(): void
}
