import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ScriptedAnswer, ScriptedRequest } from './control-client.ts'

/** A server that answers as it is told: one answer a request, the last one again and again. */
export interface ScriptedServer {
  url: string
  answers(answers: readonly ScriptedAnswer[]): void
  requests(): readonly ScriptedRequest[]
  close(): Promise<void>
}

export async function serveScript(): Promise<ScriptedServer> {
  let queue: ScriptedAnswer[] = [{ status: 404 }]
  const seen: ScriptedRequest[] = []
  const server = createServer(({ method = '', url = '', headers }, response) => {
    const cross = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*, authorization' }
    if (method === 'OPTIONS') {
      response.writeHead(204, cross).end()
      return
    }
    seen.push({
      method,
      url,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      at: performance.now(),
    })
    const {
      status = 200,
      headers: own = {},
      body = '',
      hold = false,
    } = (queue.length > 1 ? queue.shift() : queue[0]) ?? {}
    response.writeHead(status, { ...cross, ...own })
    response.write(body)
    if (!hold) response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    answers: (answers) => void (queue = [...answers]),
    requests: () => seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
