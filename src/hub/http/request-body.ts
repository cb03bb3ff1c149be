import type { IncomingMessage } from 'node:http'
import type { Client } from '../connections/admit.ts'
import { collectBytes, type Unkept } from '../connections/collect-bytes.ts'
import { ENVELOPE } from '../channels/message.ts'
import { NO_ROOM, type Refusal } from './http-errors.ts'
import type { Serving } from '../serving.ts'

/** What a body parser in front of the hub leaves of a body. */
interface Parsed {
  readonly rawBody?: unknown
  readonly body?: unknown
}

const READ_ALREADY: Refusal = {
  status: 500,
  line: 'the body was read before the hub could read it: mount the hub before the body parser, or keep the bytes as `request.rawBody`',
}

const NOT_SENT: Refusal = { status: 408, line: 'the body was not sent in time' }

/**
 * Reads a body of at most `maxBytes` bytes, or says why not; a client that leaves is no result. Where a body parser read
 * it before, `request.rawBody` or `request.body` is taken: bytes and text as they are, a parsed JSON body written again.
 */
export function readBody(
  request: IncomingMessage,
  { maxMessageBytes, incoming }: Pick<Serving, 'maxMessageBytes' | 'incoming'>,
  { limitKey }: Client,
  done: (body: Buffer | Refusal) => void,
): void {
  // Of a stream that has ended, no `end` comes again.
  if (request.readableDidRead || request.readableEnded) return done(parsedBody(request) ?? READ_ALREADY)
  const giveUp = (refusal: Refusal) => {
    request.removeAllListeners('data')
    request.removeListener('end', whole)
    request.resume()
    reception.close()
    // What is left of the body is not worth reading, so the connection cannot be used again.
    done({ ...refusal, headers: { ...refusal.headers, Connection: 'close' } })
  }
  const reception = incoming.receive(limitKey, (why) => giveUp(why === 'stalled' ? NOT_SENT : NO_ROOM))
  const received = collectBytes(() => maxMessageBytes, reception)
  const unkept: Readonly<Record<Unkept, Refusal>> = {
    'too-large': { status: 413, line: `a message may have ${maxMessageBytes} bytes` },
    'no-room': NO_ROOM,
  }
  const whole = () => {
    const bytes = received.take()
    reception.close()
    done(bytes)
  }
  request.once('close', () => reception.close())
  if (Number(request.headers['content-length'] ?? 0) > maxMessageBytes) return giveUp(unkept['too-large'])
  // A request costs something before its first byte, and is waited for from there.
  if (!reception.add(ENVELOPE)) return giveUp(NO_ROOM)
  request.on('data', (chunk: Buffer) => {
    const why = received.add(chunk)
    if (why) giveUp(unkept[why])
  })
  request.once('end', whole)
}

function parsedBody(request: IncomingMessage & Parsed): Buffer | undefined {
  const { rawBody, body, readableDidRead, headers } = request
  const whole = rawBody ?? body
  if (typeof whole === 'string' || whole instanceof Uint8Array) return Buffer.from(whole)
  // A body without a byte was read to its end, and nothing was in it.
  if (!readableDidRead) return Buffer.alloc(0)
  const isJson = /^\s*[\w.+-]+\/([\w.+-]+\+)?json\s*(;|$)/i.test(headers['content-type'] ?? '')
  const written = isJson && whole !== undefined ? JSON.stringify(whole) : undefined
  return written === undefined ? undefined : Buffer.from(written)
}
