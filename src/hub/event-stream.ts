import type { ServerResponse } from 'node:http'
import { CONTROL_EVENT_PREFIX, type ControlWord } from '../protocol.ts'
import type { Channel, Resumption } from './channel.ts'
import { formatId } from './message-id.ts'
import { writtenAs, type Message } from './message.ts'
import type { Stream } from './streams.ts'

/** Sends a channel as Server-Sent Events (PROTOCOL.md section 4). */
export function eventStream(
  response: ServerResponse,
  channel: Channel,
  { gap, messages, from }: Resumption,
  heartbeat: number,
  maxBacklog: number,
): Stream {
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' })
  let allowance = Infinity
  const write = (bytes: Buffer | string) => {
    if (response.writableEnded || response.destroyed) return
    // A reader that cannot keep up is cut, and resumes by its cursor when it can.
    if (response.writableLength > allowance) response.destroy()
    else response.write(bytes)
  }
  const deliver = (message: Message) => write(writtenAs(message, 'event-stream', writeMessage))

  const place = formatId(from)
  write(control('open', { heartbeat: heartbeat / 1_000 }, place))
  if (gap) write(control('gap', { reason: gap }, place))
  for (const message of messages) deliver(message)
  // What a reader was owed when it came does not count against it, or it would be cut each time it comes back.
  allowance = response.writableLength + maxBacklog

  const unsubscribe = channel.subscribe({
    deliver,
    end() {
      write(control('end', {}))
      response.end()
    },
  })
  response.on('close', unsubscribe)
  return {
    beat: () => write(PING),
    stop() {
      unsubscribe()
      response.end()
    },
    cut: () => void response.destroy(),
  }
}

function control(word: ControlWord, data: unknown, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${CONTROL_EVENT_PREFIX}${word}\ndata: ${JSON.stringify(data)}\n\n`
}

const PING = control('ping', 1)

function writeMessage({ cursor, event, text, body }: Message): Buffer {
  // A carriage return ends a line of SSE, so text that has one cannot be carried as it is.
  if (text === undefined || text.includes('\r')) {
    const data = {
      ...(event !== undefined && { event }),
      ...(text === undefined ? { base64: body.toString('base64') } : { text }),
    }
    return Buffer.from(control('message', data, cursor))
  }
  const name = event === undefined ? '' : `event: ${event}\n`
  return Buffer.from(`id: ${cursor}\n${name}data: ${text.replaceAll('\n', '\ndata: ')}\n\n`)
}
