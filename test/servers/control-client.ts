/** Drives the test servers from a test, wherever it runs: a page can only speak HTTP. */
export interface Session {
  /** Where channels are, through the fault proxy. */
  url: string
  /** Where channels are, without it. */
  directUrl: string
  publish(channel: string, messages: readonly Publication[], pace?: { every?: number; batch?: number }): Promise<void>
  end(channel: string): Promise<void>
  fault(fault: Fault): Promise<void>
  /** Restarts the server, which loses its messages. */
  restart(): Promise<void>
  /** The server's workers are replaced. Throws where it has none. */
  reload(): Promise<void>
  /** Kills the node that is read from; the session's address is the next one's from then on. Throws where there is none. */
  failOver(): Promise<void>
  stats(): Promise<SessionStats>
  close(): Promise<void>
}

export interface Publication {
  data?: string
  base64?: string
  event?: string
}

export interface Fault {
  drop?: true
  stall?: true
  resume?: true
  refuse?: boolean
  hang?: boolean
  buffer?: boolean
  split?: number | null
  slow?: number
  strand?: true
  cut?: { min: number; max: number } | null
  /** Let so many more bytes of responses pass, and hold the rest. */
  pass?: number
}

export interface SessionStats {
  connections: number
  open: number
  /** Open now, of those by which the client has sent something. */
  used: number
  most: number
  bytesUp: number
  bytesDown: number
  cuts: number
  requests: number
  subscribers: number
}

/** Answers as a test says, one for each request; the last one again and again. */
export interface Script {
  url: string
  respond(responses: readonly ScriptedResponse[]): Promise<void>
  /** Answers preflights with this status from now on. @default 204, which allows */
  preflights(status: number): Promise<void>
  requests(): Promise<readonly ScriptedRequest[]>
  /** Cuts every response that is not complete. */
  cut(): Promise<void>
  close(): Promise<void>
}

export interface ScriptedResponse {
  status?: number
  headers?: Record<string, string>
  body?: string
  /** Leave the response open after its body. */
  hold?: boolean
  /** Send these characters instead, and close the connection. */
  cut?: string
  /** Wait so long before the response, in ms. */
  delay?: number
  /** Accept an upgrade, without a subprotocol, and send these. */
  frames?: readonly string[]
  /** Then close the WebSocket so; where absent it stays open. */
  close?: { code: number; reason?: string }
}

export interface ScriptedRequest {
  method: string
  url: string
  headers: Record<string, string>
  /** What has arrived of its body. */
  body: string
  /** Whether the client closed it before its response was complete. */
  aborted: boolean
  at: number
}

/** The hub; nginx with Nchan, which keeps messages in its memory; two of them that share one Redis. */
export type ServerKind = 'hub' | 'nchan' | 'nchan-redis'

/** Servers of topics, which have a backend of their own. */
export type TopicServerKind =
  | 'socket.io'
  | 'socket.io with recovery'
  | 'pusher'
  | 'phoenix'
  | 'graphql'
  | 'rails'
  | 'anycable'
  | 'centrifugo'

export interface ServerSettings {
  /** In ms. Nchan's is a second. */
  heartbeat?: number
  startFrom?: 'newest' | 'oldest' | number
  history?: { count?: number; age?: number }
  /** Of the hub. */
  maxPublishRate?: number
}

export async function openSession(
  control: string,
  settings: ServerSettings & { kind?: ServerKind | TopicServerKind } = {},
): Promise<Session> {
  const { id, url, directUrl } = await call<{ id: string; url: string; directUrl: string }>(
    `${control}/sessions`,
    settings,
  )
  const at = `${control}/sessions/${id}`
  return {
    url,
    directUrl,
    publish: (channel, messages, pace) => call(`${at}/publish`, { channel, messages, ...pace }),
    end: (channel) => call(`${at}/channels/${encodeURIComponent(channel)}`, undefined, 'DELETE'),
    fault: (fault) => call(`${at}/faults`, fault),
    restart: () => call(`${at}/restart`, {}),
    reload: () => call(`${at}/reload`, {}),
    failOver: () => call(`${at}/failOver`, {}),
    stats: () => call(`${at}/stats`, undefined, 'GET'),
    close: () => call(at, undefined, 'DELETE'),
  }
}

export async function openScript(control: string): Promise<Script> {
  const { id, url } = await call<{ id: string; url: string }>(`${control}/scripts`, {})
  const at = `${control}/scripts/${id}`
  return {
    url,
    respond: (responses) => call(`${at}/respond`, responses),
    preflights: (status) => call(`${at}/preflights`, status),
    requests: () => call(`${at}/requests`, undefined, 'GET'),
    cut: () => call(`${at}/cut`, {}),
    close: () => call(at, undefined, 'DELETE'),
  }
}

/** A deadline for what hangs, in ms, below that of a test, so that the test reports which request it was. */
const DEADLINE = 200_000

async function call<T>(url: string, body: unknown, method = 'POST'): Promise<T> {
  const sent = body !== undefined && { body: JSON.stringify(body) }
  const response = await fetch(url, { method, ...sent, signal: AbortSignal.timeout(DEADLINE) }).catch(
    (cause: unknown) => {
      throw new Error(`${method} ${url} ${JSON.stringify(body)}: no response`, { cause })
    },
  )
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}
