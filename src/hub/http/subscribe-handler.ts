import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Route } from './route.ts'
import type { Client } from '../security/identify-client.ts'
import { sendJson } from './responses.ts'
import { EVENT_STREAM } from '../encoders/sse.ts'
import { foreverFrame, type Parent } from '../encoders/forever-frame.ts'
import { multipartStream } from '../encoders/multipart.ts'
import { negotiate } from './negotiate.ts'
import { findRequested } from './resume-cursor.ts'
import { sendLongPoll, sendPoll } from './poll.ts'
import { ENDED, ENDED_AFTER_GAP, NOT_FOUND, type Refusal } from './http-errors.ts'
import type { HubContext } from '../hub-context.ts'
import { sendStream } from '../connections/stream.ts'

/** An admitted request for a channel. */
export interface ChannelRequest {
  readonly route: Route
  readonly client: Client
  /** The page that contains the forever frame. */
  readonly parent: Parent | undefined
  /** The `Idempotency-Key` of a POST. */
  readonly key?: string | undefined
}

/** Responds to a GET of a channel with the technique that it selects (PROTOCOL.md section 2), or returns a refusal. */
export function handleGet(
  { registry, startFrom, now, heartbeat, maxBufferedBytes, outbound, connections, stalls, report }: HubContext,
  request: IncomingMessage,
  response: ServerResponse,
  { route, client: { limitKey }, parent }: ChannelRequest,
): Refusal | undefined {
  const kind = negotiate(request, route.query)
  if (kind === 'state') {
    const state = registry.state(route.name)
    if (!state) return NOT_FOUND
    sendJson(response, 200, state)
    return undefined
  }
  const requested = findRequested(registry, route, request.headers)
  if ('status' in requested) return requested
  if (requested.end) return requested.end.complete ? ENDED : ENDED_AFTER_GAP
  const { channel, cursor } = requested
  const resumption = channel.resume(cursor, startFrom, now())
  const options = { channel, resumption, heartbeat, maxBufferedBytes, outbound, limitKey, stalls, report }
  const respond = {
    polling: () => sendPoll(response, options),
    longPolling: () => sendLongPoll(response, options, cursor !== undefined),
    sse: () => sendStream(response, { ...options, encoder: EVENT_STREAM }),
    stream: () => sendStream(response, { ...options, encoder: multipartStream() }),
    iframeStream: () => parent && sendStream(response, { ...options, encoder: foreverFrame(response, parent) }),
  }
  const connection = respond[kind]()
  if (connection) response.on('close', connections.add(connection))
  return undefined
}
