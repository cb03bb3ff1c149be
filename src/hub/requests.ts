import type { IncomingMessage, ServerResponse } from 'node:http'
import { addressOf, type Address } from './address.ts'
import type { Admission } from './admission.ts'
import { PREFLIGHT_HEAD, answerJson, answerText, commonHead, crossOriginHead } from './answer.ts'
import type { FirstMessage } from './channel.ts'
import { EVENT_STREAM } from './event-stream.ts'
import { multipartStream } from './multipart.ts'
import { answerStream } from './stream-answer.ts'
import { answerAskedFor } from './negotiate.ts'
import { requestedPlace } from './place.ts'
import { answerEnd, answerPoll, holdPoll } from './poll.ts'
import { publishPost } from './publish.ts'
import type { Registry } from './registry.ts'
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
  registry: Registry
  streams: Streams
  closed: () => boolean
}

/** What a closed hub says. */
export const CLOSED = 'the hub is closed'

/** Answers HTTP requests; false: it is not the hub's. */
export function createRequestHandler({
  path,
  heartbeat,
  firstMessage,
  maxMessageBytes,
  maxBacklog,
  now,
  admission,
  registry,
  streams,
  closed,
}: Serving): (request: IncomingMessage, response: ServerResponse) => boolean {
  const read = (request: IncomingMessage, response: ServerResponse, { name, query }: Address) => {
    const asked = answerAskedFor(request, query)
    if (asked === 'state') {
      const state = registry.state(name)
      return state ? answerJson(response, 200, state) : answerText(response, 404, 'no such channel')
    }
    const place = requestedPlace(request.headers, query)
    if (typeof place === 'string') return answerText(response, 400, place)
    if (place !== undefined && registry.ended(name)) return answerEnd(response)
    const channel = registry.channel(name)
    const resumption = channel.resume(place, firstMessage, now())
    if (asked === 'interval-poll') return answerPoll(response, resumption)
    const sent = { response, channel, resumption, heartbeat, maxBacklog }
    const stream =
      asked === 'long-poll'
        ? holdPoll(response, channel, resumption, place !== undefined, heartbeat)
        : answerStream({ ...sent, spelling: asked === 'multipart' ? multipartStream() : EVENT_STREAM })
    if (stream) response.on('close', streams.add(stream))
  }

  const answer = (request: IncomingMessage, response: ServerResponse, about: Address): void => {
    switch (request.method) {
      case 'GET':
        return read(request, response, about)
      case 'POST':
        return publishPost(request, response, registry, about.name, maxMessageBytes)
      case 'DELETE': {
        const last = registry.delete(about.name)
        return last ? answerJson(response, 200, last) : answerText(response, 404, 'no such channel')
      }
      case 'OPTIONS':
        response.writeHead(204, PREFLIGHT_HEAD)
        response.end()
        return
      default:
        return answerText(response, 405, `${request.method} is not for channels`, {
          Allow: 'GET, POST, DELETE, OPTIONS',
        })
    }
  }

  return (request, response) => {
    let about: Address | undefined
    let wrong: string | undefined
    try {
      about = addressOf(request.url ?? '', path)
      if (!about) return false
    } catch (error) {
      wrong = (error as Error).message
    }
    const crossOrigin = admission.crossOrigin(request.headers)
    response.setHeader('Vary', 'Accept, Origin')
    for (const [name, value] of Object.entries({
      ...commonHead(heartbeat),
      ...(crossOrigin && crossOriginHead(crossOrigin)),
    })) {
      if (value !== undefined) response.setHeader(name, value)
    }
    const refusal =
      admission.hostRefusal(request.headers) ??
      (request.method === 'GET' ? undefined : admission.originRefusal(request.headers))
    if (refusal !== undefined) answerText(response, 403, refusal)
    else if (closed()) answerText(response, 503, CLOSED, { 'Retry-After': 1 })
    else if (!about) answerText(response, 400, wrong ?? 'bad request')
    else answer(request, response, about)
    return true
  }
}
