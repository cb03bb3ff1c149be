import { formatId } from '../channels/message-id.ts'
import type { Intent } from '../connections/admit.ts'
import { refusalOf, type Refusal } from '../http/http-errors.ts'
import type { HubContext } from '../hub-context.ts'
import { ChannelReader, type ReaderOutput } from './channel-reader.ts'
import type { Command } from './commands.ts'
import type { Sender } from './sessions.ts'

type Subscription = Extract<Command, { kind: 'subscribe' }>

/** The session of the channels. */
export interface ChannelsOwner extends ReaderOutput {
  readonly isOpen: boolean
  readonly technique: Intent['technique']
  /** Sends a head without a body. */
  tell(head: object): void
  refuse(id: number, refusal: Refusal): void
}

/** The channels of one session. A class, because a hub has thousands. */
export class SessionChannels {
  private readonly context: HubContext
  private readonly owner: ChannelsOwner
  /** The channels that are subscribed, or wait for `authorize`. */
  private readonly readers = new Map<string, { close(): void }>()
  /** The readers with kept messages to read. */
  private readonly readersBehind = new Set<ChannelReader>()

  constructor(context: HubContext, owner: ChannelsOwner) {
    this.context = context
    this.owner = owner
  }

  /** Whether kept messages are to be read. */
  get isBehind(): boolean {
    return this.readersBehind.size > 0
  }

  subscribe(command: Subscription, { client, query }: Sender): void {
    const { id, channel } = command
    const { admission } = this.context
    const { technique } = this.owner
    this.leave(channel)
    const leave = admission.subscribe(client)
    if ('status' in leave) return this.owner.refuse(id, leave)
    // It counts until `authorize` has decided, also if the client leaves before: each call of `authorize` has a cost.
    const waiting = { close() {} }
    this.readers.set(channel, waiting)
    const decide = (refusal: Refusal | undefined) => {
      // The client may have left the channel meanwhile, or subscribed it again.
      if (this.readers.get(channel) !== waiting) return leave()
      this.readers.delete(channel)
      if (!refusal) return this.begin(command, leave)
      leave()
      this.owner.refuse(id, refusal)
    }
    const intent: Intent = { action: 'subscribe', channel, technique, method: 'GET', query }
    const decision = admission.permit({ client, intent })
    if (decision instanceof Promise) void decision.then(decide)
    else decide(decision)
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
