import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Address } from './route.ts'
import type { Client } from '../connections/admit.ts'
import { answerJson } from './responses.ts'
import { EVENT_STREAM } from '../encoders/sse.ts'
import { foreverFrame, type Parent } from '../encoders/forever-frame.ts'
import { multipartStream } from '../encoders/multipart.ts'
import { negotiate } from './negotiate.ts'
import { requestedPlace } from './resume-cursor.ts'
import { answerPoll, holdPoll } from './poll.ts'
import { ENDED, ENDED_AFTER_GAP, type Refusal } from './http-errors.ts'
import type { Serving } from '../serving.ts'
import { answerStream } from '../connections/stream.ts'

/** What a request asks for, and for whom. */
export interface Asked {
  readonly about: Address
  readonly client: Client
  /** The page that holds the forever frame. */
  readonly parent: Parent | undefined
}

/** Answers a GET of a channel, by the technique that it selects (PROTOCOL.md section 2), or says why not. */
export function answerGet(
  { registry, startFrom, now, heartbeat, maxBufferedBytes, outgoing, streams, stalls, report }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
  { about: { name, query }, client: { limitKey }, parent }: Asked,
): Refusal | undefined {
  const asked = negotiate(request, query)
  if (asked === 'state') {
    const state = registry.state(name)
    if (!state) return { status: 404, line: 'no such channel' }
    answerJson(response, 200, state)
    return undefined
  }
  const place = requestedPlace(request.headers, query)
  if (typeof place === 'string') return { status: 400, line: place }
  const end = place && registry.endAt(name, place)
  if (end) return end.complete ? ENDED : ENDED_AFTER_GAP
  const channel = registry.channel(name)
  const resumption = channel.resume(place, startFrom, now())
  const options = { channel, resumption, heartbeat, maxBufferedBytes, outgoing, limitKey, stalls, report }
  const stay = {
    polling: () => answerPoll(response, options),
    longPolling: () => holdPoll(response, options, place !== undefined),
    sse: () => answerStream(response, { ...options, spelling: EVENT_STREAM }),
    stream: () => answerStream(response, { ...options, spelling: multipartStream() }),
    iframeStream: () => parent && answerStream(response, { ...options, spelling: foreverFrame(response, parent) }),
  }
  const stream = stay[asked]()
  if (stream) response.on('close', streams.add(stream))
  return undefined
}
