import type { Duplex } from 'node:stream'
import { SUBSCRIBE } from '../../wire/constants.ts'
import { isUnder, parseSessionTarget, parseTarget, type Route } from '../http/route.ts'
import type { Client } from '../security/identify-client.ts'
import type { Intent } from './admit.ts'
import type { Overflow } from './collect-bytes.ts'
import { END_LINE, GAP_LINE, JSON_LINES, refusalLine } from '../encoders/json-lines.ts'
import { findRequested } from '../http/resume-cursor.ts'
import { publishInOrder } from './inbound-queue.ts'
import { readLines } from './line-reader.ts'
import { NO_ROOM, NOT_FOUND, refusalOf, type Refusal } from '../http/http-errors.ts'
import type { HubContext } from '../hub-context.ts'
import { openStreamSession } from '../sessions/open-session.ts'
import { HEADS } from '../sessions/session-requests.ts'
import { ChannelStream } from './stream.ts'
import { WritableSink } from './sink.ts'

/** How long a client may take to send its first line, in ms. */
const FIRST_LINE_TIMEOUT = 10_000

/** The longest first line, in bytes. */
const MAX_FIRST_LINE = 16_384

/** How long a client may keep its side of a connection that the hub has ended, in ms. */
const GRACE = 1_000

/** How many bytes JSON needs at most for one byte, as in `\u0000`. */
const JSON_EXPANSION = 6

/** Serves one connection, by TCP or through a tunnel, whose messages are lines (PROTOCOL.md section 10). */
export function serveTcpConnection(socket: Duplex, context: HubContext, client: Client, isCounted: boolean): void {
  const { path, startFrom, maxMessageBytes, now, admission, registry, connections } = context
  // An error of a connection ends that connection, and `close` follows.
  socket.on('error', () => {})
  const terminate = () => void socket.destroy()
  const account = context.inbound.open(client.limitKey, (reason) =>
    reason === 'stalled' ? terminate() : refuse(NO_ROOM),
  )
  let hasFirstLine = false
  let maxText = maxMessageBytes
  // Lines that arrive before the subscription is decided wait.
  const early: string[] = []
  let onMessage = (line: string): void => void early.push(line)
  let refuse = (refusal: Refusal): void => void (socket.writableEnded || socket.end(refusalLine(refusal)))

  const subscribe = (route: Route) => {
    const requested = findRequested(registry, route)
    if ('status' in requested) return refuse(requested)
    const { end } = requested
    if (end) return void socket.end((end.complete ? '' : GAP_LINE) + END_LINE)
    const { channel, cursor } = requested
    const stream = new ChannelStream({
      ...context,
      limitKey: client.limitKey,
      sink: new WritableSink(socket),
      channel,
      resumption: channel.resume(cursor, startFrom, now()),
      encoder: JSON_LINES,
      encodeRefusal: refusalLine,
    })
    socket.on('close', connections.add(stream))
    refuse = (refusal) => stream.refuse(refusal)
    const publish = publishInOrder({
      ...context,
      permission: { client, intent: intentOf('publish', route) },
      refuse,
      account,
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    })
    onMessage = (line) => {
      const [kind, body] = parseMessage(line)
      if (kind === 'text') publish({ body })
      else if (kind === 'base64') publish({ body: Buffer.from(body, 'base64') })
      else refuse(INVALID_LINE)
    }
    for (const line of early) onMessage(line)
  }

  const openSession = (query: URLSearchParams) => {
    maxText += HEADS
    const session = openStreamSession(context, {
      sender: { client, query },
      technique: 'flashSocket',
      sink: new WritableSink(socket),
      encoder: JSON_LINES,
      account,
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    })
    refuse = (refusal) => session.end(refusal)
    onMessage = (line) => {
      const [kind, body] = parseMessage(line)
      if (kind === undefined) return refuse(INVALID_LINE)
      const frame = kind === 'text' ? body : Buffer.from(body, 'base64')
      const refusal = session.receive(frame)
      if (refusal) refuse(refusal)
    }
    for (const line of early) onMessage(line)
  }

  const onFirstLine = (line: string) => {
    clearTimeout(timeout)
    forget()
    hasFirstLine = true
    const target = targetOf(line, path)
    const session = typeof target === 'string' ? parseSessionTarget(target, path) : undefined
    const route = session ?? (typeof target === 'string' ? parseTarget(target, path) : target)
    // Nothing more is read until the subscription is decided.
    socket.pause()
    admission.admit({
      client,
      ...('status' in route ? { invalid: route } : 'name' in route ? { intent: intentOf('subscribe', route) } : {}),
      connection: socket,
      isCounted: true,
      refuse(refusal) {
        refuse(refusal)
        socket.resume()
      },
      serve() {
        if (session) openSession(session)
        else if ('name' in route) subscribe(route)
        socket.resume()
      },
    })
  }

  const onLine = (line: string) => {
    if (socket.writableEnded) return
    try {
      if (hasFirstLine) onMessage(line)
      else onFirstLine(line)
    } catch (error) {
      refuse(refusalOf(error, context.report))
    }
  }

  const read = readLines(() => (hasFirstLine ? JSON_EXPANSION * maxText : MAX_FIRST_LINE), account, {
    onLine,
    onOverflow: (overflow) => refuse(OVERFLOWS[overflow]),
  })
  const timeout = setTimeout(terminate, FIRST_LINE_TIMEOUT)
  // A hub that closes has nothing to send to a client without a subscription.
  const forget = connections.add({ ping: () => {}, stop: terminate, terminate })
  context.stalls.addEnd(socket)
  socket.on('data', read)
  socket.once('close', () => {
    clearTimeout(timeout)
    forget()
    account.close()
  })
  socket.once('finish', () => {
    const grace = setTimeout(terminate, GRACE)
    socket.once('close', () => clearTimeout(grace))
  })
  const full = isCounted ? undefined : admission.enter(client, socket)
  if (full) refuse(full)
}

const OVERFLOWS: Readonly<Record<Overflow, Refusal>> = {
  'too-large': { status: 413, message: 'Line too long. Send less in one line.' },
  'no-room': NO_ROOM,
}

const INVALID_LINE: Refusal = { status: 400, message: 'Invalid line. Send {"text": "..."} or {"base64": "..."}.' }

// A browser that was made to send HTTP to this port fails here, at its request line.
const INVALID_FIRST_LINE: Refusal = {
  status: 400,
  message: `Invalid first line. Send {"${SUBSCRIBE}": "./<channel>"}.`,
}

/** Finds the target of the first line, or returns why there is none. */
function targetOf(line: string, path: string): string | Refusal {
  const { [SUBSCRIBE]: reference }: Record<string, unknown> = Object(parseJson(line))
  if (typeof reference !== 'string') return INVALID_FIRST_LINE
  const target = reference.startsWith('/') ? reference : path + reference.replace(/^\.\//, '')
  return isUnder(target, path) ? target : NOT_FOUND
}

/** The start of a client's message, up to its string. */
const MESSAGE_START = /^\s{0,16}\{\s{0,16}"(text|base64)"\s{0,16}:\s{0,16}(?=")/

/** Reads the message of a line. It parses only the one string: JSON with many parts takes long. */
function parseMessage(line: string): [kind: string | undefined, body: string] {
  const [start = '', kind] = MESSAGE_START.exec(line) ?? []
  const end = line.lastIndexOf('"') + 1
  if (!/^\s{0,16}\}\s{0,16}$/.test(line.slice(end))) return [undefined, '']
  const body = parseJson(line.slice(start.length, end))
  return typeof body === 'string' ? [kind, body] : [undefined, '']
}

/** Parses JSON. Undefined: it is not JSON. */
function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const intentOf = (action: 'subscribe' | 'publish', { name: channel, query }: Route): Intent => ({
  action,
  channel,
  technique: 'flashSocket',
  method: action === 'subscribe' ? 'GET' : 'POST',
  query,
})
