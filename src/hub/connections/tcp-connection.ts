import type { Duplex } from 'node:stream'
import { SUBSCRIBE } from '../../wire/constants.ts'
import { isUnder, parseTarget, type Address } from '../http/route.ts'
import type { Client, Intent } from './admit.ts'
import type { Unkept } from './collect-bytes.ts'
import { END_LINE, GAP_LINE, JSON_LINES, refusalLine } from '../encoders/json-lines.ts'
import { requestedPlace } from '../http/resume-cursor.ts'
import { publisher as publisherOf } from './publisher.ts'
import { readLines } from './line-reader.ts'
import { NO_ROOM, refusalOf, type Refusal } from '../http/http-errors.ts'
import type { Serving } from '../serving.ts'
import { ChannelStream } from './stream.ts'
import { taking } from './inbound-queue.ts'
import { WritableSink } from './writable-sink.ts'

/** How long a connection may take to say what it wants, in ms, and how much it may say, in bytes. */
const ASKS_WITHIN = 10_000
const LONGEST_REQUEST = 16_384

/** How long a peer may keep its side of a connection that the hub has ended, in ms. */
const GRACE = 1_000

/** What JSON makes of a byte at most, `\u0000`. */
const ESCAPED = 6

/** Serves one connection, by TCP or through a tunnel, whose messages are lines (PROTOCOL.md section 10). */
export function serveLines(socket: Duplex, serving: Serving, client: Client, counted: boolean): void {
  const { path, startFrom, maxMessageBytes, maxBufferedBytes, now, admission, registry, streams } = serving
  // What goes wrong with a connection ends that connection; `close` follows.
  socket.on('error', () => {})
  const cut = () => void socket.destroy()
  const reception = serving.incoming.receive(client.limitKey, (why) => (why === 'stalled' ? cut() : refuse(NO_ROOM)))
  let asked = false
  // What comes while it is decided who may read waits.
  const early: string[] = []
  let take = (line: string) => void early.push(line)

  let refuse = (refusal: Refusal): void => void (socket.writableEnded || socket.end(refusalLine(refusal)))
  const subscribe = (about: Address) => {
    const { name, query } = about
    const place = requestedPlace({}, query)
    if (typeof place === 'string') return refuse({ status: 400, line: place })
    const end = place && registry.endAt(name, place)
    if (end) return void socket.end((end.complete ? '' : GAP_LINE) + END_LINE)
    const channel = registry.channel(name)
    const resumption = channel.resume(place, startFrom, now())
    const sink = new WritableSink(socket)
    const stream = new ChannelStream({
      ...serving,
      limitKey: client.limitKey,
      sink,
      channel,
      resumption,
      spelling: JSON_LINES,
      refusalText: refusalLine,
    })
    socket.on('close', streams.add(stream))
    refuse = (refusal) => stream.refuse(refusal)
    const publisher = publisherOf({ ...serving, client, intent: intentOf('publish', about) })
    const takes = taking({
      publisher,
      refuse,
      reception,
      maxBufferedBytes,
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    })
    take = (line) => {
      const [kind, sent] = publication(line)
      if (kind === 'text') takes({ body: sent })
      else if (kind === 'base64') takes({ body: Buffer.from(sent, 'base64') })
      else refuse({ status: 400, line: 'a line is {"text": "..."} or {"base64": "..."}' })
    }
    for (const line of early) take(line)
  }

  const ask = (line: string) => {
    clearTimeout(timeout)
    nothingAsked()
    asked = true
    const about = addressOf(line)
    // Nothing more is read until it is decided.
    socket.pause()
    admission.admit({
      client,
      ...('status' in about ? { invalid: about } : { intent: intentOf('subscribe', about) }),
      connection: socket,
      counted: true,
      refuse(refusal) {
        refuse(refusal)
        socket.resume()
      },
      serve() {
        if (!('status' in about)) subscribe(about)
        socket.resume()
      },
    })
  }

  /** The channel that the first line asks for, or why there is none. */
  const addressOf = (line: string): Address | Refusal => {
    const { [SUBSCRIBE]: reference }: Record<string, unknown> = Object(parse(line))
    // So it is with a browser that was made to speak HTTP to this port: its first line is none of ours.
    if (typeof reference !== 'string') return { status: 400, line: `the first line is {"${SUBSCRIBE}": "./<channel>"}` }
    const target = reference.startsWith('/') ? reference : path + reference.replace(/^\.\//, '')
    return isUnder(target, path) ? parseTarget(target, path) : { status: 404, line: 'no channel is here' }
  }

  const guarded = (step: () => void) => {
    try {
      step()
    } catch (error) {
      refuse(refusalOf(error, serving.report))
    }
  }

  const read = readLines(() => (asked ? ESCAPED * maxMessageBytes : LONGEST_REQUEST), reception, {
    line: (line) => !socket.writableEnded && guarded(() => (asked ? take(line) : ask(line))),
    unkept: (why) => refuse(UNKEPT[why]),
  })
  const timeout = setTimeout(cut, ASKS_WITHIN)
  // A hub that stops has nothing to tell who has asked nothing.
  const nothingAsked = streams.add({ beat: () => {}, stop: cut, cut })
  serving.stalls.addEnd(socket)
  socket.on('data', read)
  socket.once('close', () => {
    clearTimeout(timeout)
    nothingAsked()
    reception.close()
  })
  socket.once('finish', () => {
    const grace = setTimeout(cut, GRACE)
    socket.once('close', () => clearTimeout(grace))
  })
  const full = counted ? undefined : admission.enter(client, socket)
  if (full) refuse(full)
}

const UNKEPT: Readonly<Record<Unkept, Refusal>> = {
  'too-large': { status: 413, line: 'the line is too long' },
  'no-room': NO_ROOM,
}

/** How a message of a client begins, up to its string. */
const PUBLICATION = /^\s{0,16}\{\s{0,16}"(text|base64)"\s{0,16}:\s{0,16}(?=")/

/** The message in a line. Only its one string is parsed: JSON of many parts takes long. */
function publication(line: string): [kind: string | undefined, sent: string] {
  const [before = '', kind] = PUBLICATION.exec(line) ?? []
  const end = line.lastIndexOf('"') + 1
  if (!/^\s{0,16}\}\s{0,16}$/.test(line.slice(end))) return [undefined, '']
  const sent = parse(line.slice(before.length, end))
  return typeof sent === 'string' ? [kind, sent] : [undefined, '']
}

/** What JSON says; undefined: it is not JSON. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const intentOf = (action: 'subscribe' | 'publish', { name: channel, query }: Address): Intent => ({
  action,
  channel,
  technique: 'flashSocket',
  method: action === 'subscribe' ? 'GET' : 'POST',
  query,
})
