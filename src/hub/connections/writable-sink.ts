import type { Writable } from 'node:stream'
import type { Sink } from './outbound-queue.ts'

/** A response or a TCP connection; `delimiter` is written after each message. */
export class WritableSink implements Sink {
  private readonly to: Writable
  private readonly delimiter: string

  constructor(to: Writable, delimiter = '') {
    this.to = to
    this.delimiter = delimiter
  }

  get buffered(): number {
    return this.to.writableLength
  }

  write(piece: Buffer | string, _binary: boolean, last: boolean): boolean {
    const more = this.to.write(piece)
    return last && this.delimiter !== '' ? this.to.write(this.delimiter) : more
  }

  end(): void {
    this.to.end()
  }

  destroy(): void {
    this.to.destroy()
  }

  onDrain(listener: () => void): void {
    this.to.on('drain', listener)
  }

  onClose(listener: () => void): void {
    this.to.on('close', listener)
  }
}
