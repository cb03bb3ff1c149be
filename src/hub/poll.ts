import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { GAP_HEADER, MORE_HEADER } from '../protocol.ts'
import { cursorHead } from './answer.ts'
import type { Channel, Resumption } from './channel.ts'
import type { Message } from './message.ts'
import { PART, drawBoundary, eventHead, messageHead, writePart } from './multipart.ts'
import { ENDED, refuse } from './refusal.ts'
import type { Stream } from './streams.ts'

/** What one answer carries at most; there is always room for one message. */
const MOST_MESSAGES = 1_000
const MOST_BYTES = 1_048_576

/** Answers a poll at once with what there is (PROTOCOL.md section 3). */
export function answerPoll(response: ServerResponse, { gap, messages, from }: Resumption): undefined {
  const head: OutgoingHttpHeaders = gap ? { [GAP_HEADER]: gap } : {}
  const [first] = messages
  if (!first) {
    response.writeHead(304, { ...head, ...cursorHead(from) })
    response.end()
    return
  }
  const some = fitting(messages)
  if (some.length < messages.length) head[MORE_HEADER] = '1'
  const alone = some.length === 1 && !/^multipart\//i.test(first.contentType)
  if (alone) send(response, { ...head, ...messageHead(first), ...eventHead(first) }, first.body)
  else envelope(response, head, some)
}

/**
 * Holds a poll until a message comes, the channel ends or the heartbeat is due. A new subscriber is answered at once
 * with the present place, so that no message falls between two polls.
 */
export function holdPoll(
  response: ServerResponse,
  channel: Channel,
  resumption: Resumption,
  placed: boolean,
  heartbeat: number,
): Stream | undefined {
  if (!placed || resumption.gap || resumption.messages.length > 0) {
    answerPoll(response, resumption)
    return undefined
  }
  const { from } = resumption
  const waiting: Message[] = []
  const leave = () => {
    clearTimeout(due)
    unsubscribe()
  }
  const answer = () => {
    leave()
    if (response.writableEnded || response.destroyed) return
    answerPoll(response, { gap: undefined, messages: waiting, from })
  }
  const unsubscribe = channel.subscribe({
    deliver(message) {
      // What is published in one go travels in one answer.
      if (waiting.push(message) === 1) setImmediate(answer)
    },
    end() {
      // What was published just before the end is told first; the next poll is told of the end.
      if (waiting.length > 0) return answer()
      leave()
      refuse(response, ENDED)
    },
  })
  // A clock of its own: the streams' beat would answer a poll that has only begun, and its client would have to pause.
  const due = setTimeout(answer, heartbeat)
  response.on('close', leave)
  return { beat: () => {}, stop: answer, cut: () => void response.destroy() }
}

function fitting(messages: readonly Message[]): readonly Message[] {
  let bytes = 0
  const end = messages.findIndex(
    ({ body }, at) => at === MOST_MESSAGES || ((bytes += body.length) > MOST_BYTES && at > 0),
  )
  return end < 0 ? messages : messages.slice(0, end)
}

function envelope(response: ServerResponse, head: OutgoingHttpHeaders, messages: readonly Message[]): void {
  const boundary = drawBoundary()
  const parts = messages.flatMap((message) => [
    `--${boundary}\r\n`,
    message.spellings.of(message, PART, writePart),
    '\r\n',
  ])
  parts.push(`--${boundary}--\r\n`)
  const last = messages.at(-1)
  const place = last ? cursorHead(last.id) : {}
  const type = { 'Content-Type': `multipart/mixed; boundary=${boundary}` }
  send(response, { ...head, ...place, ...type }, Buffer.concat(parts.map((part) => Buffer.from(part))))
}

function send(response: ServerResponse, head: OutgoingHttpHeaders, body: Buffer): void {
  response.writeHead(200, { ...head, 'Content-Length': body.length })
  response.end(body)
}
