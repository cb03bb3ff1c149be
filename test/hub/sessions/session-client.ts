import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

/** A head of the hub's, with its body where it has one. */
export type Head = Readonly<Record<string, unknown>> & { readonly body?: string }

/** Reads a frame as PROTOCOL.md section 11 defines it. */
export function heads(frame: string | Buffer): Head[] {
  const end = frame.indexOf('\n')
  const list = JSON.parse(String(end < 0 ? frame : frame.slice(0, end))) as Head[]
  let at = end + 1
  return list.map((head) => {
    if (typeof head['length'] !== 'number') return head
    const { length, ...rest } = head
    const body = frame.slice(at, (at += length))
    return { ...rest, body: typeof body === 'string' ? body : body.toString('hex') }
  })
}

/** A session on a WebSocket. */
export interface SessionClient {
  readonly socket: WebSocket
  /** The heads in the order in which they came; resolves with the next one. */
  next(): Promise<Head>
  /** Resolves with the next heads, as many as this. */
  take(count: number): Promise<Head[]>
  /** How many frames came. */
  readonly frames: number
  send(...commands: Parameters<typeof frameOf>[0]): void
  raw(frame: string | Buffer): void
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Opens a session, and reads its hello. */
export async function openSession(
  url: string,
  headers: Record<string, string> = {},
): Promise<SessionClient & { hello: Head }> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'push.v2', { headers })
  onTestFinished(() => socket.terminate())
  const queue: Head[] = []
  let wake = () => {}
  let frames = 0
  socket.on('message', (data: Buffer, binary) => {
    frames += 1
    queue.push(...heads(binary ? data : data.toString()))
    wake()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve, reject) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
    socket.on('error', reject)
  })
  closed.catch(() => {})
  const next = async () => {
    while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return queue.shift() as Head
  }
  await Promise.race([new Promise((resolve) => socket.once('open', resolve)), closed])
  return {
    hello: await next(),
    socket,
    next,
    async take(count) {
      const taken: Head[] = []
      while (taken.length < count) taken.push(await next())
      return taken
    },
    get frames() {
      return frames
    },
    send: (...commands) => socket.send(frameOf(commands)),
    raw: (frame) => socket.send(frame),
    closed,
  }
}

/** Writes commands as one frame; `body` becomes the body of its command. */
export function frameOf(commands: readonly { readonly [field: string]: unknown; readonly body?: string }[]): string {
  const list = commands.map(({ body, ...head }) => (body === undefined ? head : { ...head, length: body.length }))
  const bodies = commands.map(({ body = '' }) => body).join('')
  return bodies === '' ? JSON.stringify(list) : `${JSON.stringify(list)}\n${bodies}`
}
