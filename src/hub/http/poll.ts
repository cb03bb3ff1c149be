import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { mediaType } from '../../wire/media-type.ts'
import { GAP_HEADER, MORE_HEADER } from '../../wire/constants.ts'
import { cursorHead } from './responses.ts'
import type { ChannelRead } from '../channels/channel.ts'
import type { Message } from '../channels/message.ts'
import { compareMoments } from '../../wire/cursor.ts'
import { PART, drawBoundary, encodePart, eventHead, messageHead } from '../encoders/multipart.ts'
import { OutboundQueue, type QueueLimits } from '../connections/outbound-queue.ts'
import { ENDED, sendRefusal } from './http-errors.ts'
import type { StreamOptions } from '../connections/stream.ts'
import type { Connection } from '../connections/connection-set.ts'
import { WritableSink } from '../connections/sink.ts'

type PollOptions = QueueLimits & Pick<StreamOptions, 'channel' | 'resumption'>

/** What one response contains at most. There is always room for one message. */
const MAX = { count: 1_000, bytes: 1_048_576 }

/** Responds to a poll at once with the messages that are there (PROTOCOL.md section 3). */
export function sendPoll(response: ServerResponse, { channel, resumption, ...limits }: PollOptions): undefined {
  const { from, messages } = channel.after(resumption.from, MAX)
  const last = messages.at(-1)?.id ?? from
  sendMessages(response, { gap: resumption.gap, from, messages }, compareMoments(last, channel.last) < 0, limits)
}

/**
 * Responds to a poll when a message is published, the channel ends or the heartbeat is due. A subscriber without a cursor
 * receives the current one at once, so that it misses no message between two polls.
 */
export function sendLongPoll(
  response: ServerResponse,
  { channel, resumption, heartbeat, ...limits }: StreamOptions,
  hasCursor: boolean,
): Connection | undefined {
  const { gap, from } = resumption
  if (!hasCursor || gap || compareMoments(from, channel.last) < 0)
    return sendPoll(response, { channel, resumption, ...limits })
  const waiting: Message[] = []
  const leave = () => {
    clearTimeout(timeout)
    unsubscribe()
  }
  const respond = () => {
    leave()
    if (response.writableEnded || response.destroyed) return
    const messages = fitting(waiting)
    const read = { gap: undefined, messages, from: messages.length > 0 ? from : channel.current }
    sendMessages(response, read, messages.length < waiting.length, limits)
  }
  const unsubscribe = channel.subscribe({
    deliver(message) {
      // Messages that are published in one tick are sent in one response.
      if (waiting.push(message) === 1) setImmediate(respond)
    },
    end() {
      // Messages before the end are sent first. The next poll receives the end.
      if (waiting.length > 0) return respond()
      leave()
      sendRefusal(response, ENDED)
    },
  })
  // A timer of its own: the hub's would respond to a poll that has just started, and its client would have to pause.
  const timeout = setTimeout(respond, heartbeat)
  response.on('close', leave)
  return { ping: () => {}, stop: respond, terminate: () => void response.destroy() }
}

function fitting(messages: readonly Message[]): readonly Message[] {
  let bytes = 0
  const end = messages.findIndex(
    ({ body }, index) => index === MAX.count || ((bytes += body.length) > MAX.bytes && index > 0),
  )
  return end < 0 ? messages : messages.slice(0, end)
}

function sendMessages(
  response: ServerResponse,
  { gap, messages, from }: ChannelRead,
  hasMore: boolean,
  limits: QueueLimits,
): void {
  const head: OutgoingHttpHeaders = { ...(gap && { [GAP_HEADER]: gap }), ...(hasMore && { [MORE_HEADER]: '1' }) }
  const [first] = messages
  const last = messages.at(-1)
  if (!first || !last) {
    response.writeHead(304, { ...head, ...cursorHead(from) })
    response.end()
    return
  }
  if (first === last && !mediaType(first.contentType).startsWith('multipart/')) {
    response.writeHead(200, {
      ...head,
      ...messageHead(first),
      ...eventHead(first),
      'Content-Length': first.body.length,
    })
    sendBody(response, limits, messages, ({ body }) => body)
    return
  }
  const boundary = drawBoundary()
  const part = (message: Message) => message.encodings.get(message, PART, encodePart)
  const before = `--${boundary}\r\n`
  const end = `--${boundary}--\r\n`
  const after = '\r\n'
  const around = before.length + after.length
  response.writeHead(200, {
    ...head,
    ...cursorHead(last.id),
    'Content-Type': `multipart/mixed; boundary=${boundary}`,
    'Content-Length': messages.reduce((length, message) => length + around + part(message).length, end.length),
  })
  sendBody(
    response,
    limits,
    messages,
    (message) => Buffer.concat([Buffer.from(before), part(message), Buffer.from(after)]),
    end,
  )
}

/** Sends a body as fast as the client reads it: messages are encoded when they are written. */
function sendBody(
  response: ServerResponse,
  limits: QueueLimits,
  messages: readonly Message[],
  encode: (message: Message) => Buffer,
  end?: string,
): void {
  let next = 0
  const writeMore = () => {
    for (let message = messages[next]; message && queue.hasRoom; message = messages[next]) {
      queue.write(encode(message))
      queue.unreserve()
      next += 1
    }
    if (next === messages.length) queue.end('ended', end)
  }
  const queue = new OutboundQueue(new WritableSink(response), { ...limits, onRoom: writeMore })
  queue.reserve(messages.map(({ body }) => body))
  writeMore()
}
