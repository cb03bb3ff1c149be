import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import type { ControlWord } from '../protocol.ts'
import type { Channel, Resumption } from './channel.ts'
import { greeting } from './greeting.ts'
import type { MessageId } from './message-id.ts'
import type { Message } from './message.ts'
import type { Stream } from './streams.ts'

/** How one kind of endless answer is written. */
export interface Spelling {
  /** Under which a message's bytes are kept, because all who read this kind are sent the same. */
  readonly carrier: string
  readonly contentType: string
  /** Written before everything. */
  readonly preamble?: string
  /** Written after each message and word: what is this answer's alone. */
  readonly delimiter?: string
  message(message: Message): Buffer
  control(word: ControlWord, data: unknown, place?: MessageId): string
}

export interface StreamOptions<To> {
  to: To
  channel: Channel
  resumption: Resumption
  /** In ms. */
  heartbeat: number
  /** In bytes. */
  maxBacklog: number
}

/** Sends a channel as an answer that does not end. */
export function answerStream({ spelling, ...sent }: StreamOptions<ServerResponse> & { spelling: Spelling }): Stream {
  const { to: response } = sent
  // Of an answer that is left, Chromium reads on for five seconds to use the connection again, unless it cannot; so a
  // page that moves from stream to stream would soon wait for one of its six.
  if (response.req.httpVersionMajor === 1) response.setHeader('Connection', 'close')
  response.writeHead(200, { 'Content-Type': spelling.contentType, 'X-Accel-Buffering': 'no' })
  return sendStream({ ...sent, spelling })
}

/** Sends a channel to whatever can be written to. */
export function sendStream({
  to,
  channel,
  resumption: { gap, messages, from },
  heartbeat,
  maxBacklog,
  spelling: { carrier, preamble = '', delimiter = '', message: spell, control },
}: StreamOptions<Writable> & { spelling: Omit<Spelling, 'contentType'> }): Stream {
  let allowance = Infinity
  const write = (bytes: Buffer | string) => {
    if (to.writableEnded || to.destroyed) return
    // A reader that cannot keep up is cut, and resumes by its cursor when it can.
    if (to.writableLength > allowance) to.destroy()
    else {
      to.write(bytes)
      if (delimiter !== '') to.write(delimiter)
    }
  }
  const deliver = (message: Message) => write(message.spellings.of(message, carrier, spell))

  write(preamble + control('open', greeting(heartbeat), from))
  if (gap) write(control('gap', { reason: gap }, from))
  for (const message of messages) deliver(message)
  // What a reader was owed when it came does not count against it, or it would be cut each time it comes back.
  allowance = to.writableLength + maxBacklog

  const unsubscribe = channel.subscribe({
    deliver,
    end() {
      write(control('end', {}))
      to.end()
    },
  })
  to.on('close', unsubscribe)
  const ping = control('ping', 1)
  return {
    beat: () => write(ping),
    stop() {
      unsubscribe()
      to.end()
    },
    cut: () => void to.destroy(),
  }
}
