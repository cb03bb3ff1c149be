import type { IncomingMessage } from 'node:http'
import type { Client } from '../security/identify-client.ts'
import { collectBytes, type Overflow } from '../connections/collect-bytes.ts'
import { ENVELOPE } from '../channels/message.ts'
import { NO_ROOM, type Refusal } from './http-errors.ts'
import type { HubContext } from '../hub-context.ts'

/** The properties in which a body parser leaves a body. */
interface Parsed {
  readonly rawBody?: unknown
  readonly body?: unknown
}

const READ_ALREADY: Refusal = {
  status: 500,
  message:
    'Body not available: a body parser read it before the hub. Mount the hub before the parser, or keep the bytes as `request.rawBody`.',
}

const BODY_TIMEOUT: Refusal = { status: 408, message: 'Body timeout: the rest of the body did not arrive in time.' }

/**
 * Reads a body of at most `maxMessageBytes` bytes and calls `onBody` with it, or with why it is refused. It calls nothing
 * if the client leaves.
 *
 * If a body parser read the body before, `request.rawBody` or `request.body` is used: bytes and text as they are, and a
 * parsed JSON body as JSON.
 */
export function readBody(
  request: IncomingMessage,
  { maxMessageBytes, inbound }: Pick<HubContext, 'maxMessageBytes' | 'inbound'>,
  { limitKey }: Client,
  onBody: (body: Buffer | Refusal) => void,
): void {
  // A stream that has ended emits no `end` again.
  if (request.readableDidRead || request.readableEnded) return onBody(parsedBody(request) ?? READ_ALREADY)
  const refuse = (refusal: Refusal) => {
    request.removeAllListeners('data')
    request.removeListener('end', onEnd)
    request.resume()
    account.close()
    // The rest of the body is not read, so the connection cannot be used again.
    onBody({ ...refusal, headers: { ...refusal.headers, Connection: 'close' } })
  }
  const account = inbound.open(limitKey, (reason) => refuse(reason === 'stalled' ? BODY_TIMEOUT : NO_ROOM))
  const received = collectBytes(() => maxMessageBytes, account)
  const overflows: Readonly<Record<Overflow, Refusal>> = {
    'too-large': {
      status: 413,
      message: `Message not published: the body is larger than \`maxMessageBytes\`, ${maxMessageBytes}. Send less.`,
    },
    'no-room': NO_ROOM,
  }
  const onEnd = () => {
    const bytes = received.take()
    account.close()
    onBody(bytes)
  }
  request.once('close', () => account.close())
  if (Number(request.headers['content-length'] ?? 0) > maxMessageBytes) return refuse(overflows['too-large'])
  // A request has a cost before its first byte, and its timeout starts here.
  if (!account.add(ENVELOPE)) return refuse(NO_ROOM)
  request.on('data', (chunk: Buffer) => {
    const overflow = received.add(chunk)
    if (overflow) refuse(overflows[overflow])
  })
  request.once('end', onEnd)
}

function parsedBody(request: IncomingMessage & Parsed): Buffer | undefined {
  const { rawBody, body, readableDidRead, headers } = request
  const parsed = rawBody ?? body
  if (typeof parsed === 'string' || parsed instanceof Uint8Array) return Buffer.from(parsed)
  // Nobody read the stream, and it has ended: the body is empty.
  if (!readableDidRead) return Buffer.alloc(0)
  const isJson = /^\s*[\w.+-]+\/([\w.+-]+\+)?json\s*(;|$)/i.test(headers['content-type'] ?? '')
  const json = isJson && parsed !== undefined ? JSON.stringify(parsed) : undefined
  return json === undefined ? undefined : Buffer.from(json)
}
