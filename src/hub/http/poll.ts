import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { mediaType } from '../../wire/media-type.ts'
import { GAP_HEADER, MORE_HEADER } from '../../wire/constants.ts'
import { cursorHead } from './responses.ts'
import type { Kept } from '../channels/channel.ts'
import type { Message } from '../channels/message.ts'
import { compareMoments } from '../../wire/cursor.ts'
import { PART, drawBoundary, eventHead, messageHead, writePart } from '../encoders/multipart.ts'
import { OutboundQueue, type QueueLimits } from '../connections/outbound-queue.ts'
import { ENDED, refuse } from './http-errors.ts'
import type { StreamOptions } from '../connections/stream.ts'
import type { Stream } from '../connections/connection-set.ts'
import { WritableSink } from '../connections/writable-sink.ts'

type PollOptions = QueueLimits & Pick<StreamOptions, 'channel' | 'resumption'>

/** What one answer carries at most; there is always room for one message. */
const MOST = { count: 1_000, bytes: 1_048_576 }

/** Answers a poll at once with what there is (PROTOCOL.md section 3). */
export function answerPoll(response: ServerResponse, { channel, resumption, ...limits }: PollOptions): undefined {
  const { from, messages } = channel.after(resumption.from, MOST)
  const last = messages.at(-1)?.id ?? from
  answer(response, { gap: resumption.gap, from, messages }, compareMoments(last, channel.last) < 0, limits)
}

/**
 * Holds a poll until a message comes, the channel ends or the heartbeat is due. A new subscriber is answered at once
 * with the present place, so that no message falls between two polls.
 */
export function holdPoll(
  response: ServerResponse,
  { channel, resumption, heartbeat, ...limits }: StreamOptions,
  placed: boolean,
): Stream | undefined {
  const { gap, from } = resumption
  if (!placed || gap || compareMoments(from, channel.last) < 0)
    return answerPoll(response, { channel, resumption, ...limits })
  const waiting: Message[] = []
  const leave = () => {
    clearTimeout(due)
    unsubscribe()
  }
  const answerNow = () => {
    leave()
    if (response.writableEnded || response.destroyed) return
    const messages = fitting(waiting)
    const place = messages.length > 0 ? from : channel.here
    answer(response, { gap: undefined, messages, from: place }, messages.length < waiting.length, limits)
  }
  const unsubscribe = channel.subscribe({
    deliver(message) {
      // What is published in one go travels in one answer.
      if (waiting.push(message) === 1) setImmediate(answerNow)
    },
    end() {
      // What was published just before the end is told first; the next poll is told of the end.
      if (waiting.length > 0) return answerNow()
      leave()
      refuse(response, ENDED)
    },
  })
  // A clock of its own: the streams' beat would answer a poll that has only begun, and its client would have to pause.
  const due = setTimeout(answerNow, heartbeat)
  response.on('close', leave)
  return { beat: () => {}, stop: answerNow, cut: () => void response.destroy() }
}

function fitting(messages: readonly Message[]): readonly Message[] {
  let bytes = 0
  const end = messages.findIndex(({ body }, at) => at === MOST.count || ((bytes += body.length) > MOST.bytes && at > 0))
  return end < 0 ? messages : messages.slice(0, end)
}

function answer(response: ServerResponse, { gap, messages, from }: Kept, more: boolean, limits: QueueLimits): void {
  const head: OutgoingHttpHeaders = { ...(gap && { [GAP_HEADER]: gap }), ...(more && { [MORE_HEADER]: '1' }) }
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
    send(response, limits, messages, ({ body }) => body)
    return
  }
  const boundary = drawBoundary()
  const part = (message: Message) => message.spellings.of(message, PART, writePart)
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
  send(
    response,
    limits,
    messages,
    (message) => Buffer.concat([Buffer.from(before), part(message), Buffer.from(after)]),
    end,
  )
}

/** Sends a body as its client takes it: what is not needed yet is not written out. */
function send(
  response: ServerResponse,
  limits: QueueLimits,
  messages: readonly Message[],
  write: (message: Message) => Buffer,
  end?: string,
): void {
  let next = 0
  const writeMore = () => {
    for (let message = messages[next]; message && out.hasRoom; message = messages[next]) {
      out.write(write(message))
      out.settle()
      next += 1
    }
    if (next === messages.length) out.end('ended', end)
  }
  const out = new OutboundQueue(new WritableSink(response), { ...limits, onRoom: writeMore })
  out.owe(messages.map(({ body }) => body))
  writeMore()
}
