import { formatId } from '../channels/message-id.ts'
import type { Intent } from '../connections/admit.ts'
import { refusalOf, type Refusal } from '../http/http-errors.ts'
import type { HubContext } from '../hub-context.ts'
import { ChannelReader, type ReaderOutput } from './channel-reader.ts'
import type { Command } from './commands.ts'
import { refusalFields } from './frames.ts'
import type { Sender } from './sessions.ts'

type Subscription = Extract<Command, { kind: 'subscribe' }>

/** How many channels `authorize` decides again at a time. */
const DECIDED_AT_ONCE = 100

/** The session of the channels. */
export interface ChannelsOwner extends ReaderOutput {
  readonly isOpen: boolean
  readonly technique: Intent['technique']
  /** Sends a head without a body. */
  tell(head: object): void
  refuse(id: number, refusal: Refusal): void
}

/** The channels of one session. It is a class because a hub has thousands of sessions. */
export class SessionChannels {
  private readonly context: HubContext
  private readonly owner: ChannelsOwner
  /** The channels that are subscribed, or wait for `authorize`. */
  private readonly readers = new Map<string, { close(): void }>()
  /** The readers with kept messages to read. */
  private readonly readersBehind = new Set<ChannelReader>()
  /** The sender of the last token. */
  private renewed: Sender | undefined

  constructor(context: HubContext, owner: ChannelsOwner) {
    this.context = context
    this.owner = owner
  }

  /** Whether kept messages are to be read. */
  get isBehind(): boolean {
    return this.readersBehind.size > 0
  }

  subscribe(command: Subscription, sender: Sender): void {
    const { id, channel } = command
    this.leave(channel)
    const leave = this.context.admission.subscribe(sender.client)
    if ('status' in leave) return this.owner.refuse(id, leave)
    // It counts until `authorize` has decided, also if the client leaves before: each call of `authorize` has a cost.
    const waiting = { close() {} }
    this.readers.set(channel, waiting)
    const ask = (by: Sender) => {
      const { renewed } = this
      const settle = (refusal: Refusal | undefined) => {
        // A token that arrived in the meantime takes precedence.
        if (this.renewed && this.renewed !== renewed && this.readers.get(channel) === waiting) ask(this.renewed)
        else decide(refusal)
      }
      const decision = this.permit(channel, by)
      if (decision instanceof Promise) void decision.then(settle)
      else settle(decision)
    }
    const decide = (refusal: Refusal | undefined) => {
      // The client may have left the channel meanwhile, or subscribed it again.
      if (this.readers.get(channel) !== waiting) return leave()
      this.readers.delete(channel)
      if (!refusal) return this.begin(command, leave)
      leave()
      this.owner.refuse(id, refusal)
    }
    ask(sender)
  }

  /** Asks `authorize` for each channel again, and leaves those that are refused. `sender` has the new token. */
  async decideAgain(sender: Sender): Promise<void> {
    this.renewed = sender
    const readers = [...this.readers.values()].filter((reader) => reader instanceof ChannelReader)
    for (let at = 0; at < readers.length && this.owner.isOpen; at += DECIDED_AT_ONCE) {
      const some = readers.slice(at, at + DECIDED_AT_ONCE)
      await Promise.all(some.map((reader) => this.decideReaderAgain(reader, sender)))
      // Yields to other sessions, even if `authorize` returned immediately.
      await new Promise(setImmediate)
    }
  }

  private async decideReaderAgain(reader: ChannelReader, sender: Sender): Promise<void> {
    const { name } = reader
    // The client may leave the channel meanwhile, or subscribe it again.
    const isPresent = () => this.readers.get(name) === reader
    if (!isPresent()) return
    const refusal = await this.permit(name, sender)
    if (!refusal || !isPresent()) return
    this.leave(name)
    this.owner.tell({ rejected: name, ...refusalFields(refusal) })
  }

  private permit(channel: string, { client, query }: Sender) {
    const { technique } = this.owner
    const intent: Intent = { action: 'subscribe', channel, technique, method: 'GET', query }
    return this.context.admission.permit({ client, intent })
  }

  leave(channel: string): void {
    const reader = this.readers.get(channel)
    if (!reader) return
    this.readers.delete(channel)
    reader.close()
    if (reader instanceof ChannelReader) this.readersBehind.delete(reader)
  }

  /** Leaves every channel. */
  close(): void {
    for (const reader of this.readers.values()) reader.close()
    this.readers.clear()
    this.readersBehind.clear()
  }

  /** A reader has kept messages to read. */
  behind(reader: ChannelReader): void {
    this.readersBehind.add(reader)
  }

  /** Reads kept messages while there is room. The readers take turns. */
  readBehind(hasRoom: () => boolean): void {
    for (const reader of this.readersBehind) {
      if (!hasRoom() || !this.owner.isOpen) return
      this.readersBehind.delete(reader)
      if (reader.readKept() && this.owner.isOpen) this.readersBehind.add(reader)
    }
  }

  private begin({ id, channel: name, cursor }: Subscription, leave: () => void): void {
    const { registry, startFrom, now, report } = this.context
    const { owner } = this
    try {
      const end = cursor && registry.endAt(name, cursor)
      if (end) {
        leave()
        return owner.tell({ end: name, id, ...(!end.complete && { gap: 'history-expired' }) })
      }
      const channel = registry.channel(name)
      const resumption = channel.resume(cursor, startFrom, now())
      const { gap, from } = resumption
      owner.tell({ ok: id, cursor: formatId(from), ...(gap && { gap }) })
      // Above a limit, that closed the session.
      if (!owner.isOpen) return leave()
      this.readers.set(name, new ChannelReader(name, channel, resumption, owner, leave))
    } catch (error) {
      leave()
      owner.refuse(id, refusalOf(error, report))
    }
  }
}
