import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts'

/**
 * A Mercure hub as its specification says, of 1.0 and of the versions before: the hub itself is a Go binary. Topics are
 * matched exactly; there is one token, for everything.
 *
 * @see https://mercure.rocks/spec
 */
export interface MercureServer {
  /** The hub's own address, through the fault proxy. */
  url: string
  proxy: FaultProxy
  publish(topic: string, data: readonly string[], more?: { id?: string; type?: string; retry?: number }): void
  /** How each subscription was asked for. */
  asked: readonly { url: string; lastEventId: string | undefined }[]
  /** The form of each publication. */
  forms: readonly Record<string, string>[]
  /** Ends every stream, as the hub does at its `write_timeout`. */
  endStreams(): void
  close(): Promise<void>
}

export interface MercureSettings {
  /** @default '1.0' */
  version?: '1.0' | '0.x'
  /** How many updates are kept. @default 1_000 */
  history?: number
  /** What must be presented, to read and to publish. @default none: anonymous */
  token?: string
  /** In ms. @default none */
  heartbeat?: number
}

interface Update {
  id: string
  topic: string
  text: string
}

const VERSIONS = {
  '1.0': {
    topics: ['match', 'match_exact'],
    place: 'last_event_id',
    begins: 'Mercure-Last-Event-ID',
    cookie: '__Secure-mercure_access_token',
    // "or the reserved value `earliest` if there is no preceding event (...) the requested event does not exist"
    lost: () => 'earliest',
  },
  '0.x': {
    topics: ['topic'],
    place: 'lastEventID',
    begins: 'Last-Event-ID',
    cookie: 'mercureAuthorization',
    lost: (history: readonly Update[]) => history.at(-1)?.id ?? 'earliest',
  },
} as const

export async function serveMercure({
  version = '1.0',
  history: size = 1_000,
  token,
  heartbeat,
}: MercureSettings = {}): Promise<MercureServer> {
  const spelled = VERSIONS[version]
  let history: readonly Update[] = []
  let count = 0
  const subscribers = new Map<ServerResponse, ReadonlySet<string>>()
  const asked: { url: string; lastEventId: string | undefined }[] = []
  const forms: Record<string, string>[] = []

  const mayPass = ({ headers }: IncomingMessage, query: URLSearchParams): boolean => {
    if (token === undefined || headers.authorization === `Bearer ${token}`) return true
    if (headers.authorization !== undefined) return false
    const cookies = headers.cookie?.split('; ') ?? []
    return cookies.includes(`${spelled.cookie}=${token}`) || (version === '0.x' && query.get('authorization') === token)
  }

  const dispatch = ({ topic, data, type, retry, id = `urn:uuid:${(count += 1)}` }: Record<string, string>): string => {
    const fields = [
      ...(type ? [`event: ${type}`] : []),
      ...(retry ? [`retry: ${retry}`] : []),
      `id: ${id}`,
      ...(data ?? '').split(/\r\n|\r|\n/).map((line) => `data: ${line}`),
    ]
    const update = { id, topic: topic ?? '', text: `${fields.join('\n')}\n\n` }
    history = [...history, update].slice(-size)
    for (const [response, topics] of subscribers) if (matches(topics, update)) response.write(update.text)
    return id
  }

  const subscribe = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => {
    const known: readonly string[] = spelled.topics
    const unknown = [...query.keys()].filter((name) => /^match/i.test(name) && !known.includes(name))
    const topics = new Set(known.flatMap((name) => query.getAll(name)))
    if (unknown.length > 0 || topics.size === 0) return void response.writeHead(400).end('Bad Request\n')
    const header = request.headers['last-event-id']
    const place = typeof header === 'string' ? header : (query.get(spelled.place) ?? undefined)
    asked.push({ url: request.url ?? '', lastEventId: typeof header === 'string' ? header : undefined })

    const at = history.findIndex(({ id }) => id === place)
    const found = at >= 0 || place === 'earliest'
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'private, no-cache, no-store, must-revalidate, max-age=0',
      ...(place !== undefined && { [spelled.begins]: inHeader(found ? place : spelled.lost(history)) }),
    })
    response.write(':\n')
    if (place !== undefined && found)
      for (const update of history.slice(at + 1)) if (matches(topics, update)) response.write(update.text)
    subscribers.set(response, topics)
    const beats = heartbeat === undefined ? undefined : setInterval(() => response.write(':\n'), heartbeat)
    response.on('close', () => {
      clearInterval(beats)
      subscribers.delete(response)
    })
  }

  const publish = async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    request.setEncoding('utf8')
    for await (const chunk of request) body += String(chunk)
    const type = request.headers['content-type']
    const form = Object.fromEntries(new URLSearchParams(body))
    if (type !== 'application/x-www-form-urlencoded' || !form['topic'] || form['topic'] === '*')
      return void response.writeHead(400).end('Bad Request\n')
    forms.push(form)
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(dispatch(form))
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://hub')
    if (pathname !== '/.well-known/mercure') response.writeHead(404).end('Not Found\n')
    else if (!mayPass(request, searchParams))
      response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end('Unauthorized\n')
    else if (request.method === 'POST') void publish(request, response)
    else subscribe(request, response, searchParams)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await createFaultProxy({ port: (server.address() as AddressInfo).port })

  return {
    url: `${proxy.url}/.well-known/mercure`,
    proxy,
    publish(topic, data, { id, type, retry } = {}) {
      for (const each of data) {
        dispatch({
          topic,
          data: each,
          ...(id !== undefined && { id }),
          ...(type !== undefined && { type }),
          ...(retry !== undefined && { retry: String(retry) }),
        })
      }
    },
    asked,
    forms,
    endStreams() {
      for (const response of subscribers.keys()) response.end()
    },
    async close() {
      await proxy.close()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

/** UTF-8, as the hub writes it. */
const inHeader = (text: string) => Buffer.from(text).toString('latin1')

const matches = (topics: ReadonlySet<string>, { topic }: Update) => topics.has('*') || topics.has(topic)
