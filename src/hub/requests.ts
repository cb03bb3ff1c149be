import type { IncomingMessage, ServerResponse } from 'node:http'
import { addressOf, type Address } from './address.ts'
import type { Admission } from './admission.ts'
import { PREFLIGHT_HEAD, answerJson, commonHead, crossOriginHead } from './answer.ts'
import { authorization, type Authorize } from './authorization.ts'
import type { FirstMessage } from './channel.ts'
import { EVENT_STREAM } from './event-stream.ts'
import { foreverFrame, requestedParent, type Parent } from './forever-frame.ts'
import type { Limits } from './limits.ts'
import { multipartStream } from './multipart.ts'
import { answerAskedFor } from './negotiate.ts'
import { requestedPlace } from './place.ts'
import { answerPoll, holdPoll } from './poll.ts'
import { publishPost } from './publish.ts'
import { CLOSED, ENDED, refusalOf, refuse, type Refusal } from './refusal.ts'
import type { Registry } from './registry.ts'
import { answerStream } from './stream-answer.ts'
import type { Streams } from './streams.ts'

/** What a hub answers from. */
export interface Serving {
  path: string
  /** In ms. */
  heartbeat: number
  firstMessage: FirstMessage
  maxMessageBytes: number
  maxBacklog: number
  now: () => number
  admission: Admission
  authorize: Authorize | undefined
  /** Who asks. */
  address: (request: IncomingMessage) => string
  limits: Limits
  registry: Registry
  streams: Streams
  closed: () => boolean
}

const ACTIONS: Readonly<Partial<Record<string, 'publish' | 'delete'>>> = { POST: 'publish', DELETE: 'delete' }

/** Answers HTTP requests; false: it is not the hub's. */
export function createRequestHandler({
  path,
  heartbeat,
  firstMessage,
  maxMessageBytes,
  maxBacklog,
  now,
  admission,
  authorize,
  address,
  limits,
  registry,
  streams,
  closed,
}: Serving): (request: IncomingMessage, response: ServerResponse) => boolean {
  const read = (
    request: IncomingMessage,
    response: ServerResponse,
    { name, query }: Address,
    parent: Parent | undefined,
  ): Refusal | undefined => {
    const asked = answerAskedFor(request, query)
    if (asked === 'state') {
      const state = registry.state(name)
      if (!state) return { status: 404, line: 'no such channel' }
      answerJson(response, 200, state)
      return undefined
    }
    const place = requestedPlace(request.headers, query)
    if (typeof place === 'string') return { status: 400, line: place }
    if (place !== undefined && registry.ended(name)) return ENDED
    const channel = registry.channel(name)
    const resumption = channel.resume(place, firstMessage, now())
    const sent = { to: response, channel, resumption, heartbeat, maxBacklog }
    const stay = {
      'interval-poll': () => answerPoll(response, resumption),
      'long-poll': () => holdPoll(response, channel, resumption, place !== undefined, heartbeat),
      'event-stream': () => answerStream({ ...sent, spelling: EVENT_STREAM }),
      multipart: () => answerStream({ ...sent, spelling: multipartStream() }),
      'forever-frame': () => parent && answerStream({ ...sent, spelling: foreverFrame(response, parent) }),
    }
    const stream = stay[asked]()
    if (stream) response.on('close', streams.add(stream))
    return undefined
  }

  const answer = (
    request: IncomingMessage,
    response: ServerResponse,
    about: Address,
    parent: Parent | undefined,
  ): Refusal | undefined => {
    switch (request.method) {
      case 'GET':
        return read(request, response, about, parent)
      case 'POST': {
        const refusal = limits.publish(address(request))
        if (!refusal) publishPost(request, response, registry, about.name, maxMessageBytes)
        return refusal
      }
      case 'DELETE': {
        const last = registry.delete(about.name)
        if (!last) return { status: 404, line: 'no such channel' }
        answerJson(response, 200, last)
        return undefined
      }
      case 'OPTIONS':
        response.writeHead(204, PREFLIGHT_HEAD)
        response.end()
        return undefined
      default:
        return {
          status: 405,
          line: `${request.method} is not for channels`,
          headers: { Allow: 'GET, POST, DELETE, OPTIONS' },
        }
    }
  }

  /** Asks the hook, where there is one and something to ask. */
  const permission = (request: IncomingMessage, { name: channel, query }: Address) => {
    const { method = '', headers } = request
    const asked = method === 'GET' ? answerAskedFor(request, query) : undefined
    const action = asked === undefined ? ACTIONS[method] : asked === 'state' ? 'state' : 'subscribe'
    if (!action) return undefined
    const technique = asked === 'state' ? undefined : asked
    return authorization(authorize, { action, channel, technique, method, headers, query, address: address(request) })
  }

  return (request, response) => {
    const { method, headers } = request
    let about: Address | undefined
    let wrong: string | undefined
    try {
      about = addressOf(request.url ?? '', path)
      if (!about) return false
    } catch (error) {
      wrong = (error as Error).message
    }
    const crossOrigin = admission.crossOrigin(headers)
    response.setHeader('Vary', 'Accept, Origin')
    for (const [name, value] of Object.entries({
      ...commonHead(heartbeat),
      ...(crossOrigin && crossOriginHead(crossOrigin)),
    })) {
      if (value !== undefined) response.setHeader(name, value)
    }
    const asked = method === 'GET' && about ? requestedParent(about.query, headers, admission) : undefined
    const stranger =
      admission.hostRefusal(headers) ??
      (method === 'GET' ? undefined : admission.originRefusal(headers)) ??
      (typeof asked === 'string' ? asked : undefined)
    // A frame is told only to a parent that may have it.
    const parent = stranger === undefined && typeof asked === 'object' ? asked : undefined

    const act = (refusal: Refusal | undefined) => {
      // Whoever asked may have left while it was decided.
      if (response.destroyed || !about) return
      try {
        const no = refusal ?? (closed() ? CLOSED : answer(request, response, about, parent))
        if (no) refuse(response, no, parent)
      } catch (error) {
        refuse(response, refusalOf(error), parent)
      }
    }
    if (stranger !== undefined) refuse(response, { status: 403, line: stranger })
    else if (closed()) refuse(response, CLOSED, parent)
    else if (!about) refuse(response, { status: 400, line: wrong ?? 'bad request' })
    else {
      const entered = limits.enter(address(request))
      if (typeof entered === 'object') refuse(response, entered, parent)
      else {
        response.on('close', entered)
        const deciding = permission(request, about)
        if (deciding) void deciding.then(act)
        else act(undefined)
      }
    }
    return true
  }
}
