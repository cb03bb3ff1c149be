import type { IncomingMessage, ServerResponse } from 'node:http'
import { EVENT_HEADER } from '../../wire/constants.ts'
import type { Client } from '../connections/admit.ts'
import { answerJson, answerText } from './responses.ts'
import { wantsJson } from './negotiate.ts'
import { refusalOf, refuse } from './http-errors.ts'
import { readBody } from './request-body.ts'
import type { Serving } from '../serving.ts'

/** Publishes the body of a POST (PROTOCOL.md section 6). */
export function publishPost(
  { maxMessageBytes, incoming, registry, publish, report }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  client: Client,
): void {
  readBody(request, { maxMessageBytes, incoming }, client, (body) => {
    // Whoever sent it may have left meanwhile; what has arrived whole is published all the same.
    try {
      if ('status' in body) {
        if (body.status === 500) report(`publishing to ${name} failed: ${body.line}`)
        return refuse(response, body)
      }
      const event = request.headers[EVENT_HEADER.toLowerCase()]
      const { subscribers } = publish(name, {
        body,
        contentType: request.headers['content-type'] ?? 'text/plain',
        event: event === undefined ? undefined : String(event),
      })
      const status = subscribers > 0 ? 201 : 202
      if (wantsJson(request)) answerJson(response, status, registry.state(name))
      else answerText(response, status, subscribers > 0 ? `sent to ${subscribers}` : 'kept, nobody listens')
    } catch (error) {
      refuse(response, refusalOf(error, report))
    }
  })
}
