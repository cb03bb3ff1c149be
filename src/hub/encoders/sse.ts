import { CONTROL_EVENT_PREFIX, type ControlWord } from '../../wire/constants.ts'
import { formatId } from '../channels/message-id.ts'
import type { MessageContent } from '../channels/message.ts'
import { replaceBytes } from './replace-bytes.ts'
import type { ResponseEncoder } from './encoder.ts'

/** Server-Sent Events (PROTOCOL.md section 4). */
export const EVENT_STREAM: ResponseEncoder = {
  encoding: 'event-stream',
  contentType: 'text/event-stream; charset=utf-8',
  message: encodeMessage,
  control: (word, data, id) => control(word, data, id && formatId(id)),
}

function control(word: ControlWord, data: unknown, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${CONTROL_EVENT_PREFIX}${word}\ndata: ${JSON.stringify(data)}\n\n`
}

function encodeMessage({ cursor, event, isText, body }: MessageContent): Buffer {
  const text = isText ? body.toString() : undefined
  // A carriage return ends a line of SSE, and Firefox's EventSource drops a NUL, so such text is sent as JSON.
  if (text === undefined || text.includes('\r') || text.includes('\0')) {
    const data = {
      ...(event !== undefined && { event }),
      ...(text === undefined ? { base64: body.toString('base64') } : { text }),
    }
    return Buffer.from(control('message', data, cursor))
  }
  const name = event === undefined ? '' : `event: ${event}\n`
  const head = `id: ${cursor}\n${name}data: `
  return Buffer.concat([Buffer.from(head), replaceBytes(body, LINE_FEED, NEXT_LINE), END])
}

const LINE_FEED = 10
const NEXT_LINE = Buffer.from('\ndata: ')
const END = Buffer.from('\n\n')
