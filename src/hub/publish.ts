import type { IncomingMessage, ServerResponse } from 'node:http'
import { EVENT_HEADER } from '../protocol.ts'
import { answerJson, answerText } from './answer.ts'
import { wantsJson } from './negotiate.ts'
import { refusalOf, refuse } from './refusal.ts'
import type { Registry } from './registry.ts'

/** Publishes the body of a POST (PROTOCOL.md section 6). */
export function publishPost(
  request: IncomingMessage,
  response: ServerResponse,
  registry: Registry,
  name: string,
  maxBytes: number,
): void {
  const chunks: Buffer[] = []
  let size = 0
  const tooLarge = () => {
    request.removeAllListeners('data')
    request.resume()
    // What is left of the body is not worth reading, so the connection cannot be used again.
    refuse(response, {
      status: 413,
      line: `a message may have ${maxBytes} bytes`,
      headers: { Connection: 'close' },
    })
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge()
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > maxBytes) tooLarge()
    else chunks.push(chunk)
  })
  request.on('end', () => {
    if (size > maxBytes) return
    const event = request.headers[EVENT_HEADER.toLowerCase()]
    const contentType = request.headers['content-type'] ?? 'text/plain'
    try {
      const { subscribers } = registry.publish(name, {
        body: Buffer.concat(chunks),
        contentType,
        event: event === undefined ? undefined : String(event),
      })
      const status = subscribers > 0 ? 201 : 202
      if (wantsJson(request)) answerJson(response, status, registry.state(name))
      else answerText(response, status, subscribers > 0 ? `sent to ${subscribers}` : 'kept, nobody listens')
    } catch (error) {
      refuse(response, refusalOf(error))
    }
  })
}
