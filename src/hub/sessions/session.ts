import type { Frame } from '../../wire/session-frames.ts'
import { formatId, type MessageId } from '../channels/message-id.ts'
import type { Message } from '../channels/message.ts'
import type { Intent } from '../connections/admit.ts'
import type { Connection } from '../connections/connection-set.ts'
import type { InboundAccount } from '../connections/inbound-budget.ts'
import { createInboundQueue, type Inbound } from '../connections/inbound-queue.ts'
import type { EndReason } from '../connections/sink.ts'
import { NO_ROOM, type Refusal } from '../http/http-errors.ts'
import type { HubContext } from '../hub-context.ts'
import type { ChannelReader } from './channel-reader.ts'
import { readCommands, type Command } from './commands.ts'
import { FrameBatch } from './frame-batch.ts'
import { headFrame, publishedHead, refusalFields, sharedFrame } from './frames.ts'
import type { Publisher } from './publishers.ts'
import { SessionChannels, type ChannelsOwner } from './session-channels.ts'
import { SessionIdentity } from './session-identity.ts'
import type { SessionOutput } from './session-output.ts'
import type { Sender } from './sessions.ts'

export interface SessionOptions {
  readonly context: HubContext
  readonly id: string
  readonly technique: Intent['technique']
  /** The request that opened the session. */
  readonly sender: Sender
  readonly output: SessionOutput
  /** Counts messages that wait to be published. */
  readonly account: InboundAccount
  /** Stops reading from the client, and starts again. */
  readonly pause?: () => void
  readonly resume?: () => void
}

/**
 * One client's session: any number of channels on one connection (PROTOCOL.md section 11). Everything that it sends in
 * one turn of the event loop is one frame. It is a class because a hub has thousands of sessions.
 */
export class Session implements Connection, ChannelsOwner {
  readonly id: string
  private readonly context: HubContext
  readonly technique: Intent['technique']
  private readonly output: SessionOutput
  private readonly enqueue: (inbound: Inbound) => void
  private readonly channels: SessionChannels
  private readonly identity: SessionIdentity
  private publisher: Publisher | undefined
  private readonly batch: FrameBatch
  /** The size of the responses that wait beyond `maxBufferedBytes`, in bytes. */
  private excess = 0
  private isScheduled = false
  private open = true

  constructor({ context, id, technique, sender, output, account, pause, resume }: SessionOptions) {
    this.context = context
    this.id = id
    this.technique = technique
    this.output = output
    this.batch = new FrameBatch(output, (error) => this.fail(error))
    this.channels = new SessionChannels(context, this)
    this.identity = new SessionIdentity(sender, context.now, this.channels, this)
    this.enqueue = createInboundQueue({ ...context, account, pause, resume })
    // Nothing more can be published on this connection.
    account.whenDropped(() => this.end(NO_ROOM))
    const { heartbeat, maxMessageBytes } = context
    this.tell({ session: id, heartbeat: heartbeat / 1_000, maxMessageBytes, spread: context.spread() })
  }

  /** Carries out what a client sent, by a POST or on its own connection. Returns a refusal if the frame is not valid. */
  receive(frame: Frame, post?: Sender): Refusal | undefined {
    let commands: readonly Command[]
    try {
      commands = readCommands(frame, this.context)
    } catch (error) {
      return { status: 400, message: `Invalid frame: ${error instanceof Error ? error.message : String(error)}` }
    }
    for (const command of commands) if (this.open) this.carryOut(command, post ?? this.identity.sender)
    return undefined
  }

  /** The client takes more. */
  readonly onRoom = (): void => this.flush()

  /** Sends a heartbeat, unless something else waits: everything up to the current position was sent. */
  ping(): void {
    if (this.batch.size > 0 || this.channels.isBehind || this.output.size > 0) return
    this.tell({ ping: this.context.registry.position(), spread: this.context.spread() })
  }

  /** Ends the connection, so that the client reconnects. */
  stop(): void {
    this.tell({ spread: this.context.spread() })
    this.end('restart')
  }

  /** Ends the connection with a refusal. */
  end(reason: EndReason): void {
    if (!this.open) return
    this.batch.write()
    this.close()
    this.output.end(reason)
  }

  terminate(): void {
    this.close()
    this.output.destroy()
  }

  /** Leaves every channel, because the connection has closed. */
  close(): void {
    this.open = false
    this.channels.close()
    this.batch.clear()
  }

  get isOpen(): boolean {
    return this.open
  }

  get takesLive(): boolean {
    return this.output.takesLive && this.takesLast
  }

  get takesLast(): boolean {
    return this.output.size + this.batch.size <= this.context.maxBufferedBytes
  }

  message(channel: string, message: Message): void {
    const isBytes = !message.isText && this.output.takesBytes
    try {
      this.push(sharedFrame(channel, message, isBytes), isBytes)
    } catch (error) {
      this.fail(error)
    }
  }

  gap(channel: string, reason: string, from: MessageId): void {
    this.tell({ gap: channel, reason, cursor: formatId(from) })
  }

  behind(reader: ChannelReader): void {
    this.channels.behind(reader)
    this.schedule()
  }

  ended(reader: ChannelReader, complete: boolean): void {
    this.channels.leave(reader.name)
    this.tell({ end: reader.name, ...(!complete && { gap: 'history-expired' }) })
  }

  private carryOut(command: Command, sender: Sender): void {
    switch (command.kind) {
      case 'subscribe':
        return this.channels.subscribe(command, sender)
      case 'unsubscribe':
        return this.channels.leave(command.channel)
      case 'publish':
        return this.publish(command, sender)
      case 'publisher':
        this.publisher = this.context.publishers.register(command.name, sender.client.limitKey)
        return this.tell({ ok: command.id, memory: this.publisher.memory })
      case 'token':
        return this.identity.renew(command, sender)
      case 'invalid':
        return this.refuse(command.id, command.refusal)
    }
  }

  private publish({ id, channel, publication, number }: Extract<Command, { kind: 'publish' }>, sender: Sender): void {
    const { client, query } = sender
    const { publisher, technique } = this
    this.enqueue({
      publication,
      permission: { client, intent: { action: 'publish', channel, technique, method: 'POST', query } },
      once: publisher && number !== undefined ? (attempt) => publisher.once(number, attempt) : undefined,
      settle: (outcome) => ('status' in outcome ? this.refuse(id, outcome) : this.tell(publishedHead(id, outcome))),
    })
  }

  refuse(id: number, refusal: Refusal): void {
    this.tell({ error: id, ...refusalFields(refusal) })
  }

  /** Sends a head without a body. A client that makes the hub respond, and does not read that, loses its session. */
  tell(head: object): void {
    const frame = headFrame(head)
    if (this.takesLast) this.excess = 0
    else this.excess += frame.length
    if (this.excess > this.context.maxBufferedBytes) this.terminate()
    else this.push(frame)
  }

  private push(frame: Buffer, isBytes = false): void {
    if (!this.open) return
    this.batch.add(frame, isBytes)
    this.schedule()
  }

  private schedule(): void {
    if (this.isScheduled) return
    this.isScheduled = true
    setImmediate(() => this.flush())
  }

  private flush(): void {
    this.isScheduled = false
    if (!this.open) return
    this.batch.write()
    this.channels.readBehind(() => this.output.hasRoom)
    this.batch.write()
    // Above a limit, that closed the session.
    if (this.open) this.output.flush(this.channels.isBehind)
  }

  /** A message that cannot be encoded closes this connection and no other. */
  private fail(error: unknown): void {
    this.context.report('A message could not be encoded', error)
    this.terminate()
  }
}
