import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, createWebSocketStream } from 'ws'
import {
  backoff,
  createPushClient,
  defineChannel,
  fetchStream,
  longPolling,
  nchan,
  polling,
  sse,
  webSocket,
  type PushEvent,
} from 'pinia-push/observables'
import { stream } from '../serve.ts'

/** Reads in good faith, and reconnects when it is cut. */
export interface HonestReader {
  readonly name: string
  /** Resolves when it has its place in the channel. */
  readonly opened: Promise<void>
  /** The numbers that were published, and gaps, as they came. */
  readonly received: (number | 'gap')[]
  /** Everything else that a reader of a healthy hub never sees. */
  readonly wrong: unknown[]
  leave(): void
}

const implementation = WebSocket as unknown as typeof globalThis.WebSocket
const TECHNIQUES = [
  () => polling({ minInterval: 50, maxInterval: 200 }),
  () => longPolling(),
  () => sse(),
  () => fetchStream(),
  () => webSocket({ implementation }),
]
/** In ms. */
const RECONNECTS_AFTER = 20

/** Twenty readers of one channel: a few by each technique, and by lines over TCP, as Flash Socket reads them. */
export function honestReaders(url: string, tcpPort: number, channel: string): HonestReader[] {
  const clients = Array.from({ length: 3 }, () => TECHNIQUES.map((via) => byClient(`${url}${channel}`, via()))).flat()
  const direct = () => connect(tcpPort, '127.0.0.1')
  const tunnel = () => createWebSocketStream(new WebSocket(url.replace('http', 'ws')))
  const byHand = [direct, tunnel, direct, tunnel, direct].map((open) => byLines(open, channel))
  return [...clients, ...byHand]
}

function createReader(name: string) {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { name, opened, received: [] as (number | 'gap')[], wrong: [] as unknown[], open }
}

function byClient(url: string, technique: ReturnType<(typeof TECHNIQUES)[number]>): HonestReader {
  const reader = createReader(technique.name)
  const client = createPushClient({
    technique,
    backend: nchan(),
    retry: backoff({ initialDelay: RECONNECTS_AFTER, maxDelay: 200 }),
  })
  const reading = client
    .channel(defineChannel({ url, decode: Number })())
    .events$.subscribe((event: PushEvent<number>) => {
      if (event.type === 'message') reader.received.push(event.data)
      else if (event.type === 'gap') reader.received.push('gap')
      else if (event.type === 'open' && !event.unconfirmed) reader.open()
      else if (['invalid', 'failed', 'closed'].includes(event.type)) reader.wrong.push(event)
    })
  return {
    ...reader,
    leave() {
      reading.unsubscribe()
      client.close()
    },
  }
}

function byLines(open: () => Duplex, channel: string): HonestReader {
  const reader = createReader(`lines (${open.name})`)
  let duplex: Duplex
  let left = false
  let cursor: unknown
  const act = (line: Record<string, unknown>) => {
    cursor = line['id'] ?? cursor
    if ('text' in line) reader.received.push(Number(line['text']))
    else if (line['push'] === 'gap') reader.received.push('gap')
    else if (line['push'] === 'open') reader.open()
    else if (line['push'] !== 'ping') reader.wrong.push(line)
  }
  const read = async () => {
    while (!left) {
      duplex = open()
      const from = cursor === undefined ? '' : `?last_event_id=${encodeURIComponent(String(cursor))}`
      duplex.write(`${JSON.stringify({ subscribe: `./${channel}${from}` })}\n`)
      try {
        for await (const line of linesOf(duplex)) act(JSON.parse(line) as Record<string, unknown>)
      } catch {
        // It was cut, or the hub is away: back to where it was.
      }
      await new Promise((resolve) => setTimeout(resolve, RECONNECTS_AFTER))
    }
  }
  void read()
  return {
    ...reader,
    leave() {
      left = true
      duplex.destroy()
    },
  }
}

/** The lines that come (LF), until it ends. */
export async function* linesOf(from: Duplex): AsyncGenerator<string> {
  const utf8 = new TextDecoder()
  let text = ''
  for await (const chunk of from) {
    text += utf8.decode(chunk as Buffer, { stream: true })
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    yield* lines
  }
}

/** Publishes one message after the other over one connection, no faster than the hub allows. */
export function createPublisher(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (method: string, channel: string, body = '') =>
    new Promise<{ status: number; retryAfter: number }>((resolve, reject) => {
      request(`${url}${channel}`, { method, agent }, (response) => {
        const { statusCode = 0, headers } = response
        response
          .resume()
          .on('end', () => resolve({ status: statusCode, retryAfter: Number(headers['retry-after'] ?? 0) }))
        response.on('error', reject)
      })
        .on('error', reject)
        .end(body)
    })
  return {
    async publish(channel: string, body: string): Promise<void> {
      for (;;) {
        const { status, retryAfter } = await ask('POST', channel, body)
        if (status === 201 || status === 202) return
        if (status !== 429) throw new Error(`publishing was answered ${status}`)
        // So many a second are allowed.
        await new Promise((resolve) => setTimeout(resolve, retryAfter * 1_000))
      }
    },
    /** Resolves with the next heartbeat of the hub. */
    async heartbeat() {
      const { next, leave } = await stream(`${url}heartbeat`)
      for (let event = await next(); !event?.includes('push.ping'); event = await next());
      leave()
    },
    end: async (channel: string) => void (await ask('DELETE', channel)),
    leave: () => agent.destroy(),
  }
}
