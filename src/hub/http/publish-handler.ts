import type { IncomingMessage, ServerResponse } from 'node:http'
import { EVENT_HEADER } from '../../wire/constants.ts'
import type { HubContext } from '../hub-context.ts'
import { CLOSED, refusalOf, sendRefusal, type Outcome } from './http-errors.ts'
import { callerOf, contentOf } from './idempotency-key.ts'
import { wantsJson } from './negotiate.ts'
import { readBody } from './request-body.ts'
import { sendJson, sendText } from './responses.ts'
import type { ChannelRequest } from './subscribe-handler.ts'

/** Publishes the body of a POST (PROTOCOL.md section 6). */
export function handlePost(
  context: HubContext,
  request: IncomingMessage,
  response: ServerResponse,
  { route: { name: channel, query }, client, key }: ChannelRequest,
): void {
  const { publish, publishers, report } = context
  readBody(request, context, client, (body) => {
    if ('status' in body) {
      if (body.status === 500) report(`Publishing to channel ${channel} failed: ${body.message}`)
      return sendRefusal(response, body)
    }
    const event = request.headers[EVENT_HEADER.toLowerCase()]
    const publication = {
      body,
      contentType: request.headers['content-type'] ?? 'text/plain',
      event: event === undefined ? undefined : String(event),
    }
    const attempt = () => publish(channel, publication, { client, query })
    const outcome =
      key === undefined
        ? attempt()
        : publishers
            .register(callerOf(client, query), client.limitKey)
            .once(key, attempt, contentOf(channel, publication))
    respondTo(context, request, response, channel, outcome)
  })
}

/** Responds to a POST when its message is published or rejected, or when the hub closes. */
function respondTo(
  { registry, connections, report }: HubContext,
  request: IncomingMessage,
  response: ServerResponse,
  channel: string,
  pending: Outcome | Promise<Outcome>,
): void {
  const respond = (outcome: Outcome) => {
    // The client may have left meanwhile. A complete body is published nevertheless.
    try {
      if ('status' in outcome) return sendRefusal(response, outcome)
      const { subscribers, reply } = outcome
      const status = subscribers > 0 ? 201 : 202
      if (reply !== undefined) sendJson(response, status, JSON.parse(reply))
      else if (wantsJson(request)) sendJson(response, status, registry.state(channel) ?? null)
      else
        sendText(response, status, `Published to ${subscribers} ${subscribers === 1 ? 'subscriber' : 'subscribers'}.`)
    } catch (error) {
      sendRefusal(response, refusalOf(error, report))
    }
  }
  if (!(pending instanceof Promise)) return respond(pending)
  let waiting = true
  const settle = (outcome: Outcome) => {
    if (!waiting) return
    waiting = false
    remove()
    respond(outcome)
  }
  const close = () => settle(CLOSED)
  const remove = connections.add({ ping: () => {}, stop: close, terminate: close })
  pending.then(settle).catch((error: unknown) => report('A request could not be answered', error))
}
