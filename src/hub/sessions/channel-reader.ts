import type { Channel, Resumption, Subscriber } from '../channels/channel.ts'
import type { MessageId } from '../channels/message-id.ts'
import type { Message } from '../channels/message.ts'

/** What a reader delivers to. */
export interface ReaderOutput {
  /** Whether a message may wait in the output. Otherwise the reader reads it from its channel later. */
  readonly takesLive: boolean
  /** Whether the last messages of a channel that is deleted may wait in the output. */
  readonly takesLast: boolean
  message(channel: string, message: Message): void
  gap(channel: string, reason: string, from: MessageId): void
  /** The reader has messages to read. Call `readKept` when the client takes more. */
  behind(reader: ChannelReader): void
  /** The channel was deleted. `complete`: the client received every message of it. */
  ended(reader: ChannelReader, complete: boolean): void
}

/**
 * Reads one channel for a session: live messages as they come, and others from the channel as fast as the client takes
 * them. It is a class because a session may have thousands.
 */
export class ChannelReader implements Subscriber {
  readonly name: string
  private readonly channel: Channel
  private readonly output: ReaderOutput
  private readonly unsubscribe: () => void
  private readonly onClose: () => void
  /** The id after which the next message is read. */
  private last: MessageId
  /** Whether kept messages after `last` are to be read. Otherwise live messages follow. */
  private isBehind = true

  /** @param onClose Called when the session leaves the channel. */
  constructor(name: string, channel: Channel, { from }: Resumption, output: ReaderOutput, onClose: () => void) {
    this.name = name
    this.channel = channel
    this.output = output
    this.last = from
    this.onClose = onClose
    this.unsubscribe = channel.subscribe(this)
    output.behind(this)
  }

  deliver(message: Message): void {
    if (this.isBehind) return
    if (this.output.takesLive) {
      this.last = message.id
      this.output.message(this.name, message)
    } else {
      this.isBehind = true
      this.output.behind(this)
    }
  }

  end(): void {
    // The channel will be gone, so what it kept is read now, as far as it may wait.
    while (this.isBehind && this.output.takesLast) this.readKept()
    this.output.ended(this, !this.isBehind)
  }

  /** Reads some of the kept messages. Returns false if there are no more: live messages follow. */
  readKept(): boolean {
    const { gap, messages, from } = this.channel.after(this.last)
    if (gap) this.output.gap(this.name, gap, from)
    this.isBehind = messages.length > 0
    this.last = from
    for (const message of messages) {
      this.last = message.id
      this.output.message(this.name, message)
    }
    return this.isBehind
  }

  close(): void {
    this.unsubscribe()
    this.onClose()
  }
}
