import type { IncomingMessage, ServerResponse } from 'node:http'
import { EVENT_HEADER } from '../../wire/constants.ts'
import type { Client } from '../security/identify-client.ts'
import { sendJson, sendText } from './responses.ts'
import { wantsJson } from './negotiate.ts'
import { refusalOf, sendRefusal } from './http-errors.ts'
import { readBody } from './request-body.ts'
import type { HubContext } from '../hub-context.ts'

/** Publishes the body of a POST (PROTOCOL.md section 6). */
export function handlePost(
  { maxMessageBytes, inbound, registry, publish, report }: HubContext,
  request: IncomingMessage,
  response: ServerResponse,
  channel: string,
  client: Client,
): void {
  readBody(request, { maxMessageBytes, inbound }, client, (body) => {
    // The client may have left meanwhile. A complete body is published nevertheless.
    try {
      if ('status' in body) {
        if (body.status === 500) report(`Publishing to channel ${channel} failed: ${body.message}`)
        return sendRefusal(response, body)
      }
      const event = request.headers[EVENT_HEADER.toLowerCase()]
      const { subscribers } = publish(channel, {
        body,
        contentType: request.headers['content-type'] ?? 'text/plain',
        event: event === undefined ? undefined : String(event),
      })
      const status = subscribers > 0 ? 201 : 202
      if (wantsJson(request)) sendJson(response, status, registry.state(channel))
      else
        sendText(response, status, `Published to ${subscribers} ${subscribers === 1 ? 'subscriber' : 'subscribers'}.`)
    } catch (error) {
      sendRefusal(response, refusalOf(error, report))
    }
  })
}
