import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { SUBSCRIBE } from '../protocol.ts'
import { addressOf, type Address } from './address.ts'
import { authorization } from './authorization.ts'
import { JSON_LINES, endLine, refusalLine } from './json-lines.ts'
import { requestedPlace } from './place.ts'
import { publisher } from './publisher.ts'
import { readLines } from './read-lines.ts'
import { CLOSED, refusalOf, type Refusal } from './refusal.ts'
import type { Serving } from './requests.ts'
import { sendStream } from './stream-answer.ts'
import { taking } from './taking.ts'

/** Who is at the other end of a TCP connection. */
export interface Visitor {
  /** Of the WebSocket that it came through; by TCP alone there are none. */
  readonly headers: IncomingHttpHeaders
  readonly address: string
  /** Counted already, as what it came through. */
  readonly entered: boolean
}

/** How long a connection may take to say what it wants, in ms, and how much it may say, in bytes. */
const ASKS_WITHIN = 10_000
const LONGEST_REQUEST = 16_384

/** What JSON makes of a byte at most, `\u0000`. */
const ESCAPED = 6

/** Serves one TCP connection whose messages are lines (PROTOCOL.md section 10). */
export function serveLines(socket: Socket, serving: Serving, visitor: () => Visitor): void {
  const { path, heartbeat, firstMessage, maxMessageBytes, maxBacklog, now, limits, registry, streams } = serving
  let asked = false
  // What comes while it is decided who may read waits.
  const early: string[] = []
  let take = (line: string) => void early.push(line)

  const refuse = (refusal: Refusal) => void socket.end(refusalLine(refusal))
  const subscribe = ({ name, query }: Address, { headers, address }: Visitor) => {
    const place = requestedPlace({}, query)
    if (typeof place === 'string') return refuse({ status: 400, line: place })
    if (place !== undefined && registry.ended(name)) return void socket.end(endLine())
    const channel = registry.channel(name)
    const resumption = channel.resume(place, firstMessage, now())
    const stream = sendStream({ to: socket, channel, resumption, heartbeat, maxBacklog, spelling: JSON_LINES })
    socket.on('close', streams.add(stream))
    const publish = publisher({
      limits,
      registry,
      channel: name,
      address,
      permission: () => permission('publish', { name, query }, { headers, address }),
    })
    const takes = taking({ publish, refuse, pause: () => socket.pause(), resume: () => socket.resume() })
    take = (line) => {
      const sent = parse(line)
      if (typeof sent['text'] === 'string') takes({ body: sent['text'] })
      else if (typeof sent['base64'] === 'string') takes({ body: Buffer.from(sent['base64'], 'base64') })
      else refuse({ status: 400, line: 'a line is {"text": "..."} or {"base64": "..."}' })
    }
    for (const line of early) take(line)
  }
  const permission = (
    action: 'subscribe' | 'publish',
    { name: channel, query }: Address,
    { headers, address }: Pick<Visitor, 'headers' | 'address'>,
  ) =>
    authorization(serving.authorize, {
      action,
      channel,
      technique: 'json-lines',
      method: action === 'subscribe' ? 'GET' : 'POST',
      headers,
      query,
      address,
    })

  const ask = (line: string) => {
    clearTimeout(impatience)
    nothingAsked()
    asked = true
    const target = parse(line)[SUBSCRIBE]
    // So it is with a browser that was made to speak HTTP to this port: its first line is none of ours.
    if (typeof target !== 'string')
      return refuse({ status: 400, line: `the first line is {"${SUBSCRIBE}": "./<channel>"}` })
    const about = addressOf(target.startsWith('/') ? target : path + target, path)
    if (!about) return refuse({ status: 404, line: 'no channel is here' })
    const who = visitor()
    const entered = serving.closed() ? CLOSED : who.entered ? () => {} : limits.enter(who.address)
    if (typeof entered === 'object') return refuse(entered)
    socket.once('close', entered)
    const act = (refusal: Refusal | undefined) => {
      // Whoever asked may have left while it was decided.
      if (socket.destroyed) return
      const no = refusal ?? (serving.closed() ? CLOSED : undefined)
      guarded(() => (no ? refuse(no) : subscribe(about, who)))
      socket.resume()
    }
    const deciding = permission('subscribe', about, who)
    if (!deciding) return act(undefined)
    socket.pause()
    void deciding.then(act)
  }
  const guarded = (step: () => void) => {
    try {
      step()
    } catch (error) {
      refuse(refusalOf(error))
    }
  }

  const read = readLines(() => (asked ? ESCAPED * maxMessageBytes : LONGEST_REQUEST), {
    line: (line) => !socket.writableEnded && guarded(() => (asked ? take(line) : ask(line))),
    tooLong: () => refuse({ status: 413, line: 'the line is too long' }),
  })
  const impatience = setTimeout(() => socket.destroy(), ASKS_WITHIN)
  const cut = () => void socket.destroy()
  // A hub that stops has nothing to tell who has asked nothing.
  const nothingAsked = streams.add({ beat: () => {}, stop: cut, cut })
  socket.setNoDelay(true)
  socket.on('data', read)
  socket.on('error', () => {})
  socket.once('close', () => {
    clearTimeout(impatience)
    nothingAsked()
  })
}

/** What a line says; what is no JSON object says nothing. */
function parse(line: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(line))
  } catch {
    return {}
  }
}
