import type { IncomingMessage, ServerResponse } from 'node:http'
import { mediaType } from '../../wire/media-type.ts'
import { POST_NUMBER, SESSION, type Frame } from '../../wire/session-frames.ts'
import { foreverFrame, type Parent } from '../encoders/forever-frame.ts'
import { multipartStream } from '../encoders/multipart.ts'
import { EVENT_STREAM } from '../encoders/sse.ts'
import type { ResponseEncoder } from '../encoders/encoder.ts'
import { sendRefusal, type Refusal } from '../http/http-errors.ts'
import { negotiate, type HttpTechnique } from '../http/negotiate.ts'
import { readBody } from '../http/request-body.ts'
import { requestedCursor } from '../http/resume-cursor.ts'
import type { HubContext } from '../hub-context.ts'
import { WritableSink } from '../connections/sink.ts'
import { startStream } from '../connections/stream.ts'
import type { Client } from '../security/identify-client.ts'
import { drawSessionId, openStreamSession } from './open-session.ts'
import { GONE, PollOutput } from './poll-output.ts'
import { Session } from './session.ts'
import type { OpenSession, Sender } from './sessions.ts'

/** An admitted request for a session. */
export interface SessionRequest {
  readonly query: URLSearchParams
  readonly client: Client
  /** The page that contains the forever frame. */
  readonly parent: Parent | undefined
}

/** The room of a frame's heads beside its messages, in bytes: a client joins up to 65,536 characters. */
export const HEADS = 196_608

/** How long a session stays without a poll, in ms. */
const POLL_TIMEOUT = 120_000

/** Opens a session by a GET with the technique that it selects, or returns a refusal (PROTOCOL.md section 11). */
export function handleSessionGet(
  context: HubContext,
  request: IncomingMessage,
  response: ServerResponse,
  { query, client, parent }: SessionRequest,
): Refusal | undefined {
  const sender = { client, query }
  const technique = negotiate(request, query)
  if (technique === 'state') return NO_STATE
  if (technique === 'polling' || technique === 'longPolling')
    return respondToPoll(context, request, response, sender, technique)
  const encoder =
    technique === 'sse'
      ? EVENT_STREAM
      : technique === 'stream'
        ? multipartStream()
        : parent && foreverFrame(response, parent)
  if (encoder) streamSession(context, response, { sender, technique, encoder })
  return undefined
}

function streamSession(
  context: HubContext,
  response: ServerResponse,
  { sender, technique, encoder }: { sender: Sender; technique: HttpTechnique; encoder: ResponseEncoder },
): void {
  startStream(response, encoder)
  const sink = new WritableSink(response, encoder.delimiter)
  const account = context.inbound.open(sender.client.limitKey, () => session.terminate())
  sink.onClose(() => account.close())
  const session = openStreamSession(context, { sender, technique, sink, encoder, account })
}

function respondToPoll(
  context: HubContext,
  request: IncomingMessage,
  response: ServerResponse,
  sender: Sender,
  technique: 'polling' | 'longPolling',
): Refusal | undefined {
  const cursor = requestedCursor(request.headers, sender.query)
  if (cursor && 'status' in cursor) return cursor
  const polls = cursor ? context.sessions.get(cursor.epoch ?? '')?.polls : openPolledSession(context, sender, technique)
  if (polls && 'status' in polls) return polls
  return polls?.respond(response, cursor, technique === 'longPolling' && cursor !== undefined) ? undefined : GONE
}

/** Opens a session without a connection of its own. It counts as one while it is polled. */
function openPolledSession(context: HubContext, sender: Sender, technique: HttpTechnique): PollOutput | Refusal {
  const { client } = sender
  const { admission, connections, heartbeat, inbound, sessions } = context
  const id = drawSessionId()
  let isDestroyed = false
  let onClose = () => {}
  const full = admission.enter(client, {
    get destroyed() {
      return isDestroyed
    },
    once: (_, leave) => (onClose = leave),
  })
  if (full) return full
  const account = inbound.open(client.limitKey, () => session.terminate())
  const polls = new PollOutput({
    ...context,
    limitKey: client.limitKey,
    id,
    onRoom: () => session.onRoom(),
    onDestroy() {
      if (isDestroyed) return
      isDestroyed = true
      remove()
      sessions.delete(id)
      session.close()
      account.close()
      onClose()
    },
  })
  const session = new Session({ context, id, technique, sender, output: polls, account })
  let unpolled = 0
  const maxUnpolled = Math.max(2, Math.ceil(POLL_TIMEOUT / heartbeat))
  const remove = connections.add({
    ping() {
      unpolled = polls.takePolled() ? 0 : unpolled + 1
      if (unpolled >= maxUnpolled) session.terminate()
      else session.ping()
    },
    stop: () => session.stop(),
    terminate: () => session.terminate(),
  })
  sessions.set(id, { session, polls })
  return polls
}

/** Executes the commands that a client sends to its session by a POST. */
export function handleSessionPost(
  context: HubContext,
  request: IncomingMessage,
  response: ServerResponse,
  { query, client }: SessionRequest,
): void {
  const limits = { inbound: context.inbound, maxMessageBytes: context.maxMessageBytes + HEADS }
  readBody(request, limits, client, (body) => {
    if ('status' in body) return sendRefusal(response, body)
    const open = context.sessions.get(query.get(SESSION) ?? '')
    const isBytes = mediaType(request.headers['content-type']) === 'application/octet-stream'
    const refusal = open ? carryOut(open, isBytes ? body : body.toString(), { client, query }) : NO_SESSION
    if (refusal) return sendRefusal(response, refusal)
    response.writeHead(204)
    response.end()
  })
}

/** Executes a POST once, even if it arrives twice: a browser repeats a POST whose connection closes before the response. */
function carryOut(open: OpenSession, frame: Frame, sender: Sender): Refusal | undefined {
  const { posted = 0 } = open
  const number = Number(sender.query.get(POST_NUMBER) ?? Number.NaN)
  if (number <= posted) return undefined
  const refusal = open.session.receive(frame, sender)
  if (!refusal && number > posted) open.posted = number
  return refusal
}

const NO_STATE: Refusal = {
  status: 406,
  message: `The state of a session cannot be read. Request the state of a channel: <path><channel>.`,
}
const NO_SESSION: Refusal = {
  status: 404,
  message: `Session not found. Open one by a GET, and send its id as \`${SESSION}\`.`,
}
