import { connect } from 'node:net'
import { test as base } from 'vitest'
import { WebSocket } from 'ws'
import { createHub, type Hub, type HubOptions } from 'pinia-push/hub'

export interface Served {
  hub: Hub
  /** Where channels are. */
  url: string
  port: number
}

/** A WebSocket's frames, one after the other. */
export interface Frames {
  socket: WebSocket
  next(): Promise<{ head: string; body: string; binary: boolean }>
  closed: Promise<{ code: number; reason: string }>
}

/** A hub on a port of its own; it is closed when the test is over. */
export const test = base.extend<{
  serve: (options?: HubOptions) => Promise<Served>
  frames: (url: string, headers?: Record<string, string>) => Frames
}>({
  serve: async ({}, use) => {
    const closes: (() => Promise<void>)[] = []
    await use(async (options) => {
      const hub = createHub(options)
      const { url, port, close } = await hub.listen()
      closes.push(close)
      return { hub, url: `${url}/push/`, port }
    })
    await Promise.all(closes.map((close) => close()))
  },
  frames: async ({}, use) => {
    const sockets: WebSocket[] = []
    await use((url, headers = {}) => {
      const socket = new WebSocket(url.replace('http', 'ws'), 'ws+meta.nchan', { headers })
      sockets.push(socket)
      const waiting: ((frame: { head: string; body: string; binary: boolean }) => void)[] = []
      const come: { head: string; body: string; binary: boolean }[] = []
      socket.on('message', (data: Buffer, binary) => {
        const end = data.indexOf('\n\n')
        const frame = {
          head: data.subarray(0, end).toString(),
          body: data.subarray(end + 2).toString('latin1'),
          binary,
        }
        const reader = waiting.shift()
        if (reader) reader(frame)
        else come.push(frame)
      })
      socket.on('error', () => {})
      return {
        socket,
        next: () =>
          new Promise((resolve) => (come.length > 0 ? resolve(come.shift() as never) : waiting.push(resolve))),
        closed: new Promise((resolve) =>
          socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
        ),
      }
    })
    for (const socket of sockets) socket.terminate()
  },
})

/** One raw HTTP exchange, for what no client would send. Resolves with all that came until the server closed. */
export function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => (answer += String(chunk)))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

/** The events of a stream, one after the other, each as its lines. */
export async function* events(response: Response): AsyncGenerator<string> {
  const utf8 = new TextDecoder()
  let text = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += utf8.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield text.slice(0, end)
      text = text.slice(end + 2)
    }
  }
}

/** Opens a stream; `next` reads its next event, `leave` goes away. */
export async function stream(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController()
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: abort.signal })
  const read = events(response)
  return {
    response,
    next: async () => (await read.next()).value as string | undefined,
    leave: () => abort.abort(),
  }
}

/** Some headers of an answer. */
export const head = (response: Response, ...names: string[]) => names.map((name) => response.headers.get(name))
/** The cursor in an answer's head. */
export const place = (response: Response) =>
  `${Date.parse(response.headers.get('last-modified') ?? '') / 1_000}:${response.headers.get('etag')}`
