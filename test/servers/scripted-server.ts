import { createServer, ServerResponse, type IncomingMessage } from 'node:http'
import { Socket, type AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { ScriptedResponse, ScriptedRequest } from './control-client.ts'

/** A server with scripted responses: one for each request, the last one repeatedly. */
export interface ScriptedServer {
  url: string
  respond(responses: readonly ScriptedResponse[]): void
  /** Answers preflights with this status from now on. @default 204, which allows */
  preflights(status: number): void
  requests(): readonly ScriptedRequest[]
  /** Cuts every response that is not complete. */
  cut(): void
  close(): Promise<void>
}

const CROSS_ORIGIN = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*, authorization' }

export async function serveScript(): Promise<ScriptedServer> {
  let queue: ScriptedResponse[] = [{ status: 404 }]
  let preflight = 204
  const seen: ScriptedRequest[] = []
  const open = new Set<ServerResponse>()
  const delays = new Set<NodeJS.Timeout>()

  /** Records the request, and responds when its response is due. */
  const next = (request: IncomingMessage, respond: (scripted: ScriptedResponse) => void): { aborted: boolean } => {
    const { method = '', url = '' } = request
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const recorded = { method, url, headers, body: '', aborted: false, at: performance.now() }
    seen.push(recorded)
    request.setEncoding('utf8').on('data', (text: string) => (recorded.body += text))
    const scripted = (queue.length > 1 ? queue.shift() : queue[0]) ?? {}
    if (scripted.delay === undefined) {
      respond(scripted)
      return recorded
    }
    const delay = setTimeout(() => {
      delays.delete(delay)
      respond(scripted)
    }, scripted.delay)
    delays.add(delay)
    return recorded
  }

  const server = createServer((request, response) => {
    if (request.method === 'OPTIONS') response.writeHead(preflight, CROSS_ORIGIN).end()
    else {
      const recorded = next(request, (scripted) => write(response, scripted))
      open.add(response)
      response.once('close', () => {
        open.delete(response)
        recorded.aborted = !response.writableFinished
      })
    }
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    next(request, ({ frames, close, ...refusal }) => {
      if (!frames) return refuse(request, socket, refusal)
      sockets.handleUpgrade(request, socket, head, (connected) => {
        for (const frame of frames) connected.send(frame)
        if (close) connected.close(close.code, close.reason)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    respond: (responses) => void (queue = [...responses]),
    preflights: (status) => void (preflight = status),
    requests: () => seen,
    cut() {
      for (const { socket } of open) socket?.end()
    },
    close: () =>
      new Promise((resolve) => {
        for (const delay of delays) clearTimeout(delay)
        for (const socket of sockets.clients) socket.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function write(
  response: ServerResponse,
  { status = 200, headers = {}, body = '', hold = false, cut }: ScriptedResponse,
): void {
  if (cut !== undefined) return void response.socket?.end(cut)
  response.writeHead(status, { ...CROSS_ORIGIN, ...headers })
  response.write(body)
  if (!hold) response.end()
}

/** Responds to an upgrade like to any other request. */
function refuse(request: IncomingMessage, socket: unknown, scripted: ScriptedResponse): void {
  if (!(socket instanceof Socket)) return
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.end())
  write(response, scripted)
}
