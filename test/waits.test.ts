// @vitest-environment jsdom
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { createPinia, defineStore } from 'pinia'
import { Subject, filter, firstValueFrom, of, tap, throwError } from 'rxjs'
import { WebSocket, WebSocketServer } from 'ws'
import { createApp, effectScope } from 'vue'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createPush, defineChannel, usePushChannel } from 'pinia-push'
import { flashSocket } from 'pinia-push/flash-socket'
import type { SourceEvent } from 'pinia-push/kit'
import {
  centrifugo,
  PushError,
  backoff,
  createPushClient,
  fallback,
  iframeStream,
  jsonMessages,
  longPolling,
  nchan,
  pageLifecycle,
  standard,
  polling,
  pusher,
  sse,
  webSocket,
  xhrStream,
  type Backend,
  type FallbackOptions,
  type JsonMessagesOptions,
  type PushClientOptions,
  type RetryPolicy,
  type Technique,
} from 'pinia-push/observables'
import { mockTechnique, virtualTime, type MockTechniqueOptions, type VirtualTime } from 'pinia-push/testing'
import { ALIVE } from '../src/observables/events.ts'
import { settle, walkWaits, type Driver } from './walk-waits.ts'

const now: RetryPolicy = Object.assign(backoff(), { nextDelay: () => 0 })
const never: RetryPolicy = Object.assign(backoff(), { nextDelay: () => 1e9 })
/** Every draw is the greatest. */
const longest = backoff({ random: () => 1 })
const hang = () => new Promise<never>(() => {})

function reading(
  time: VirtualTime,
  { script, ...options }: PushClientOptions & { script?: MockTechniqueOptions } = {},
  baseUrl = 'http://push.test',
) {
  const technique = mockTechnique(script)
  const client = createPushClient({ technique, baseUrl, warnings: false, scheduler: time, retry: never, ...options })
  const channel = client.channel('/a')
  const subscription = channel.events$.subscribe()
  onTestFinished(() => client.close())
  const connections = () => technique.connections.length
  return {
    technique,
    client,
    channel,
    subscription,
    connections,
    error: () => channel.state.error?.code,
    /** `connecting` while an attempt is under way, after failures too. */
    status: () =>
      channel.status === 'reconnecting' && channel.state.retryAt === undefined ? 'connecting' : channel.status,
  }
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that accepts, and never responds. */
function silentServer(): Promise<string> {
  const silent = createTcpServer((socket) => void socket.on('error', () => {}).resume())
  onTestFinished(() => void silent.close())
  return listening(silent)
}

/** An HTTP server. `respond` receives the number of requests. */
async function serves(respond: (response: ServerResponse, count: number, request: IncomingMessage) => void) {
  let count = 0
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    respond(response, (count += 1), request)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: await listening(server), asked: () => count }
}

/** One that begins each response so, and never ends one. */
const begins = (status: number, headers: Record<string, string>, body: string) =>
  serves((response) => response.writeHead(status, headers).write(body))

const implementation = WebSocket as unknown as typeof globalThis.WebSocket

/** A WebSocket server that says nothing. */
async function sockets() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** A technique, and the first of its events that is such a one. */
function tapped(inner: Technique, is: (event: SourceEvent) => boolean) {
  const seen = new Subject<SourceEvent>()
  const technique: Technique = { ...inner, connect: (request) => inner.connect(request).pipe(tap(seen)) }
  return { technique, first: firstValueFrom(seen.pipe(filter(is))) }
}
const isChunk = (event: SourceEvent) => event === ALIVE
/** A poller emits how long it will be silent when a response has ended. */
const isPause = (event: SourceEvent) =>
  event.type === 'alive' && (typeof event.heartbeat === 'number' || event.heartbeat === 'agreed')

/** Polls a server that responds a few times, and then never. */
async function polls(
  time: VirtualTime,
  technique: Technique,
  respond: (response: ServerResponse) => void,
  most = Infinity,
) {
  const { url, asked } = await serves((response, count) => void (count <= most && respond(response)))
  const first = tapped(technique, isPause)
  const read = (options: PushClientOptions = {}) =>
    reading(time, { technique: first.technique, backend: standard(), ...options }, url)
  return { read, asked, first: first.first }
}
const again = (response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'text/plain', etag: '"1"' }).end('1')
const nothing = (response: ServerResponse) => void response.writeHead(204).end()

const none$ = of(false)
const signals = { hidden$: none$, offline$: none$, left$: none$, thawed$: new Subject<unknown>() }

/** What becomes of one message. */
function sent(promise: Promise<unknown>): () => string | undefined {
  let outcome: string | undefined
  promise.then(
    () => (outcome = 'sent'),
    (error: PushError) => (outcome = error.code),
  )
  return () => outcome
}

/** A store that is bound to a channel, with this snapshot. */
function store(time: VirtualTime, snapshot: (signal: AbortSignal) => Promise<never>, retry = never, opens = true) {
  const technique = mockTechnique()
  const useStore = defineStore('waits', {
    state: () => ({ n: 0 }),
    push: ({ bindChannel }) =>
      bindChannel(defineChannel({ url: 'http://push.test/a' })(), {
        snapshot: ({ signal }) => snapshot(signal),
        apply: () => {},
      }),
  })
  const push = createPush({ technique, scheduler: time, retry, backend: standard({ heartbeat: 1e6 }) })
  const app = createApp({ render: () => null })
  const pinia = createPinia().use(push.pinia)
  app.config.errorHandler = () => {}
  app.use(pinia).use(push).mount(document.createElement('div'))
  onTestFinished(() => app.unmount())
  const made = useStore(pinia)
  if (opens) technique.latest.open()
  return made
}

/** A fallback of two techniques. The higher one did not open, so the lower one delivers. */
function onLowerRung(time: VirtualTime, options: FallbackOptions = {}) {
  const [higher, lower] = [mockTechnique({ name: 'higher' }), mockTechnique({ name: 'lower' })]
  const technique = fallback({ random: () => 1, ...options }, higher, lower)
  const read = reading(time, {
    technique,
    backend: standard({ heartbeat: 1e7 }),
    idleReconnectAfter: 1e9,
    disconnectDelay: 0,
  })
  higher.latest.refuse()
  lower.latest.open()
  lower.latest.message(1)
  return { ...read, higher, lower }
}

/** Reads a topic of a server that never responds. Returns the code of its error. */
const topicError = (time: VirtualTime, server: JsonMessagesOptions<unknown>, options?: PushClientOptions) =>
  errorOfTopic(time, jsonMessages(server), [], options)

/** The same, of a server that sends nothing but these frames. */
async function errorOfTopic(
  time: VirtualTime,
  backend: Backend,
  frames: readonly object[],
  options: PushClientOptions = {},
) {
  const { url } = await sockets()
  const technique = mockTechnique()
  const shared = { technique, backend, baseUrl: url, scheduler: time, retry: never, warnings: false }
  const client = createPushClient({ ...shared, ...options })
  onTestFinished(() => client.close())
  const channel = client.channel(defineChannel({ topic: 'a' })())
  channel.events$.subscribe()
  technique.latest.open()
  for (const frame of frames) technique.latest.message(frame)
  return () => channel.state.error?.code
}

const drivers: Record<string, Driver<VirtualTime>> = {
  'a connection opens': (time) => reading(time).error,
  async 'a WebSocket’s handshake'(time) {
    return reading(time, { technique: webSocket({ implementation }) }, await silentServer()).error
  },
  async '`hello` of a WebSocket'(time) {
    const { url } = await sockets()
    let error: () => string | undefined = () => undefined
    await new Promise<void>((asked) => {
      const hello = () => {
        asked()
        return hang()
      }
      error = reading(time, { technique: webSocket({ implementation }), backend: standard({ hello }) }, url).error
    })
    return error
  },
  async 'the first byte of a stream that begins with one'(time) {
    const { url } = await begins(200, { 'content-type': 'text/event-stream' }, '')
    const { technique, first } = tapped(sse(), ({ type }) => type === 'open')
    const { error } = reading(time, { technique, backend: nchan() }, url)
    await first
    return error
  },
  'a connection opens, after several timeouts'(time) {
    const { connections, error } = reading(time, { retry: now })
    time.advance(5_000 + 10_000 + 20_000 + 40_000)
    return () => (connections() === 6 ? error() : undefined)
  },
  async 'the response to another method than GET'(time) {
    return reading(time, { technique: sse({ method: 'POST' }) }, await silentServer()).error
  },
  async 'a long poll counts as open'(time) {
    return reading(time, { technique: longPolling(), backend: standard() }, await silentServer()).status
  },
  'the next byte, with heartbeats of 15 s'(time) {
    const { technique, error } = reading(time, { backend: standard({ heartbeat: 15_000 }) })
    technique.latest.open()
    return error
  },
  'the next byte, of an `unconfirmed` long poll'(time) {
    const { technique, error } = reading(time)
    technique.latest.open({ unconfirmed: true })
    return error
  },
  'the next byte, after the machine slept'(time) {
    const { technique, error } = reading(time, { backend: standard({ heartbeat: 15_000 }) })
    technique.latest.open()
    time.sleep(1e6)
    return error
  },
  'the next byte, without heartbeats'(time) {
    const { technique, connections } = reading(time)
    technique.latest.open()
    technique.latest.message(1)
    return () => (connections() === 2 ? 'reconnected' : undefined)
  },
  async 'the response to a heartbeat that is sent every 30 s'(time) {
    const { server, url } = await sockets()
    const backend = standard({ heartbeat: { send: 'ping', every: 30_000, expect: 'pong' } })
    const { error, channel } = reading(time, { technique: webSocket({ implementation }), backend }, url)
    if (server.clients.size === 0) await once(server, 'connection')
    await firstValueFrom(channel.state$.pipe(filter(({ status }) => status === 'open')))
    return error
  },
  async 'the rest of a poll’s body'(time) {
    const { url } = await begins(200, { 'content-type': 'text/plain', 'content-length': '100' }, 'x')
    const { technique, first } = tapped(polling(), isChunk)
    const { error } = reading(time, { technique, backend: standard() }, url)
    await first
    return error
  },
  async 'the first line of a rejection’s body'(time) {
    const { url } = await begins(503, {}, '')
    const { error } = reading(time, { technique: polling(), backend: standard() }, url)
    // The head has come when the wait for the body is set, beside that for the opening.
    while (time.pending < 2) await new Promise((resolve) => setTimeout(resolve))
    return error
  },
  async 'the first line of a rejection’s body, by `xhrStream()`'(time) {
    const { url } = await begins(503, {}, '')
    const { error } = reading(time, { technique: xhrStream(), backend: standard() }, url)
    while (time.pending < 2) await new Promise((resolve) => setTimeout(resolve))
    return error
  },
  'the last message of an iframe that has ended'(time) {
    const { error } = reading(time, { technique: iframeStream(), connectTimeout: 1e6 })
    document.querySelector('iframe')?.dispatchEvent(new Event('load'))
    return error
  },
  'the last message again, as a proof of continuity'(time) {
    const script = { namespace: 'nchan' }
    const { technique, connections, error } = reading(time, {
      script,
      backend: nchan(),
      retry: now,
      idleReconnectAfter: 1e9,
    })
    technique.latest.open({ cursor: null })
    technique.latest.message(1, { cursor: '1700000000:0' })
    technique.latest.drop()
    time.advance(0)
    technique.latest.open()
    return () => (connections() === 3 ? error() : undefined)
  },
  'the greeting on a connection with topics': (time) =>
    topicError(time, { ready: () => false, subscribe: () => ({}), message: () => false }, { heartbeatInterval: 1e6 }),
  "a topic's subscription is acknowledged": (time) =>
    topicError(time, { subscribe: () => ({}), subscribed: () => false, message: () => false }),
  '`authEndpoint` or `authorize` of `pusher()`': (time) =>
    errorOfTopic(time, pusher({ key: 'k', authorize: hang }), [
      { event: 'pusher:connection_established', data: { socket_id: '1.2' } },
    ]),
  '`subscriptionToken` of `centrifugo()`': (time) =>
    errorOfTopic(time, centrifugo({ subscriptionToken: hang }), [{ id: 1, connect: {} }]),
  '`auth.token`': (time) => reading(time, { auth: { token: hang } }).error,
  '`prepareRequest`': (time) => reading(time, { prepareRequest: hang, connectTimeout: 1e6 }).error,
  'a connection whose token expires in 60 s'(time) {
    const prepareRequest = () => ({ expiresAt: time.now() + 60_000 })
    const { technique, connections } = reading(time, { prepareRequest, idleReconnectAfter: 1e9 })
    technique.latest.open()
    technique.latest.message(1)
    return () => (connections() === 2 ? 'reconnected' : undefined)
  },
  'the first reconnect, at most'(time) {
    const { technique, status } = reading(time, { retry: longest })
    technique.latest.drop(new PushError('network-error', 'down'))
    return status
  },
  'a later reconnect, at most'(time) {
    const { technique, status } = reading(time, { retry: longest })
    for (const delay of [500, 20_000, 0]) {
      technique.latest.drop(new PushError('network-error', 'down'))
      time.advance(delay)
    }
    return status
  },
  'a reconnect of a page that is offline'(time) {
    const { technique, status } = reading(time, {
      retry: now,
      lifecycle: pageLifecycle({ signals: { ...signals, offline$: of(true) } }),
    })
    technique.latest.drop()
    return status
  },
  'a server’s `Retry-After`'(time) {
    const { technique, status } = reading(time, { retry: now })
    technique.latest.drop(new PushError('unavailable', '503', { retryAfter: 1e12 }))
    return status
  },
  'a server that is down'(time) {
    const down = () => throwError(() => new PushError('network-error', 'down'))
    return reading(time, { retry: longest, technique: { name: 'down', isSupported: () => true, connect: down } }).status
  },
  async 'the next poll, after one with a message'(time) {
    const { read, asked, first } = await polls(time, polling(), again)
    read()
    await first
    return () => (asked() === 2 ? 'asked' : undefined)
  },
  async 'the next poll, after many without messages'(time) {
    const { read, asked, first } = await polls(time, polling({ backoffFactor: 1e3 }), nothing)
    read()
    await first
    return () => (asked() === 2 ? 'asked' : undefined)
  },
  async 'the next poll, of a hidden page'(time) {
    const { read, asked, first } = await polls(time, polling(), again)
    read({ lifecycle: pageLifecycle({ signals: { ...signals, hidden$: of(true) } }) })
    await first
    return () => (asked() === 2 ? 'asked' : undefined)
  },
  async 'the next long poll, after one without messages'(time) {
    const { read, asked, first } = await polls(time, longPolling(), nothing)
    read()
    await first
    return () => (asked() === 2 ? 'asked' : undefined)
  },
  async 'the response to a poll that is sent after 1 s'(time) {
    const { read, first } = await polls(time, polling(), again, 1)
    const { error } = read()
    await first
    return error
  },
  'a technique of `fallback` opens'(time) {
    const [higher, lower] = [mockTechnique({ name: 'higher' }), mockTechnique({ name: 'lower' })]
    reading(time, { technique: fallback(higher, lower) })
    return () => (lower.connections.length === 1 ? 'next' : undefined)
  },
  'the first upgrade attempt, at most'(time) {
    const { higher } = onLowerRung(time)
    return () => (higher.connections.length === 2 ? 'tried' : undefined)
  },
  'a later upgrade attempt, at most'(time) {
    const { higher } = onLowerRung(time)
    for (const delay of [10_000, 20_000, 40_000, 80_000, 160_000]) {
      time.advance(delay)
      higher.latest.refuse()
    }
    const { length } = higher.connections
    return () => (higher.connections.length === length + 1 ? 'tried' : undefined)
  },
  'a preferred technique opens, in parallel'(time) {
    const { higher } = onLowerRung(time)
    time.advance(10_000)
    return () => (higher.latest.closed ? 'left' : undefined)
  },
  'a handover, with both connections open'(time) {
    const { higher, channel } = onLowerRung(time)
    time.advance(10_000)
    higher.latest.open()
    higher.latest.alive()
    return () => channel.state.technique
  },
  'the working technique is remembered'(time) {
    const { higher, channel, subscription } = onLowerRung(time)
    subscription.unsubscribe()
    const { length } = higher.connections
    return () => {
      channel.events$.subscribe().unsubscribe()
      return higher.connections.length > length ? 'highest' : undefined
    }
  },
  async 'the response to a POST'(time) {
    const { url } = await serves(
      (response, _, { method }) =>
        void (method === 'GET' && response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n')),
    )
    const { channel } = reading(
      time,
      { technique: sse(), backend: nchan(), idleReconnectAfter: 1e6, connectTimeout: 1e6 },
      url,
    )
    await firstValueFrom(channel.state$.pipe(filter(({ status }) => status === 'open')))
    return sent(channel.send('x'))
  },
  '`prepareRequest` of a POST'(time) {
    let asked = 0
    const prepareRequest = () => ((asked += 1) === 1 ? undefined : hang())
    const { technique, channel } = reading(time, { script: { sends: false }, backend: nchan(), prepareRequest })
    technique.latest.open()
    return sent(channel.send('x'))
  },
  'a `Blob` that is sent is read'(time) {
    const { technique, channel } = reading(time)
    technique.latest.open()
    return sent(channel.send(Object.assign(new Blob(), { arrayBuffer: hang })))
  },
  async 'the rest of the response to a POST that was accepted'(time) {
    const { url } = await serves((response, _, { method }) => {
      if (method === 'GET') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n')
      else response.writeHead(202).write('accepted')
    })
    const { channel } = reading(
      time,
      { technique: sse(), backend: nchan(), idleReconnectAfter: 1e6, connectTimeout: 1e6 },
      url,
    )
    await firstValueFrom(channel.state$.pipe(filter(({ status }) => status === 'open')))
    const before = time.pending
    const outcome = sent(channel.send('x'))
    // The limit of the message, and that of the rest once the head is there.
    while (time.pending < before + 2) await new Promise((resolve) => setTimeout(resolve))
    return outcome
  },
  'a message that is sent while no connection is open'(time) {
    const { channel } = reading(time)
    const outcome = sent(channel.send('x'))
    return () => outcome() ?? 'waits'
  },
  '`snapshot` of a store whose channel does not open'(time) {
    let asked = false
    store(time, () => new Promise(() => (asked = true)), never, false)
    return () => (asked ? 'asked' : undefined)
  },
  '`snapshot` of a store'(time) {
    let aborted = false
    const bound = store(time, (signal) => new Promise(() => (signal.onabort = () => (aborted = true))))
    return () => (aborted ? bound.$push.error?.code : undefined)
  },
  async '`snapshot` again, after its first failure, at most'(time) {
    let asked = 0
    const bound = store(time, () => Promise.reject(new Error(`no ${(asked += 1)}`)), longest)
    while (bound.$push.error?.code !== 'snapshot-failed') await Promise.resolve()
    return () => (asked === 2 ? 'asked' : undefined)
  },
  'a screen frame of a page that draws none'(time) {
    vi.stubGlobal('requestAnimationFrame', () => 0)
    onTestFinished(() => void vi.unstubAllGlobals())
    const technique = mockTechnique()
    const client = createPush({ technique, baseUrl: 'http://push.test', scheduler: time })
    const scope = effectScope()
    onTestFinished(() => scope.stop())
    const reader = scope.run(() => usePushChannel<string>('/a', { client, flush: 'frame' }))
    technique.latest.open()
    technique.latest.message('written')
    return () => reader?.data.value
  },
  'the next reader'(time) {
    const { subscription, status } = reading(time)
    subscription.unsubscribe()
    return status
  },
  'a hidden page becomes visible'(time) {
    const lifecycle = pageLifecycle({ signals: { ...signals, hidden$: of(true) } })
    const { technique, status } = reading(time, { lifecycle, backend: standard({ heartbeat: 1e6 }) })
    technique.latest.open()
    return status
  },
  'sleep is detected'(time) {
    const { technique, connections } = reading(time, {
      lifecycle: pageLifecycle({ signals }),
      backend: standard({ heartbeat: 1e6 }),
    })
    technique.latest.open()
    technique.latest.message(1)
    time.sleep(60_000)
    return () => (connections() === 2 ? 'reconnected' : undefined)
  },
  'a second connection to one URL, before development warns'(time) {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const { client } = reading(time, { warnings: true, disconnectDelay: Infinity, connectTimeout: 1e6 })
    client.channel(defineChannel({ url: '/a', replay: 1 })()).events$.subscribe()
    return () => (warn.mock.calls.some(([said]) => String(said).includes('Two connections')) ? 'warned' : undefined)
  },
  'Ruffle starts'(time) {
    const technique = flashSocket({ load: hang })
    return reading(time, { technique, connectTimeout: 1e6 }).error
  },
}

walkWaits('What a client waits for, and for how long', drivers, virtualTime)

/** A time that a host's timer cannot wait is due at once by `virtualTime()`, as it is by a host's. */
const TOO_LONG = [2 ** 31, 1e15, Infinity]

/** How long what is not to come is watched for, in ms. */
const WATCHED = 1e5

/** Each option that is a time, given so many ms, and what shows that it has passed. */
const options: Record<string, (time: VirtualTime, ms: number) => (() => unknown) | Promise<() => unknown>> = {
  'createPushClient({ connectTimeout })': (time, connectTimeout) => reading(time, { connectTimeout }).error,
  'createPushClient({ heartbeatInterval })'(time, heartbeatInterval) {
    const { technique, error } = reading(time, { heartbeatInterval })
    technique.latest.open({ unconfirmed: true })
    return error
  },
  'createPushClient({ heartbeatGrace })'(time, heartbeatGrace) {
    const { technique, error } = reading(time, { heartbeatGrace, backend: standard({ heartbeat: 1 }) })
    technique.latest.open()
    return error
  },
  'createPushClient({ idleReconnectAfter })'(time, idleReconnectAfter) {
    const { technique, connections } = reading(time, { idleReconnectAfter })
    technique.latest.open()
    technique.latest.message(1)
    return () => connections() > 1
  },
  'createPushClient({ disconnectDelay })'(time, disconnectDelay) {
    const { subscription, status } = reading(time, { disconnectDelay, connectTimeout: Infinity })
    subscription.unsubscribe()
    return () => status() === 'idle'
  },
  'createPushClient({ sendTimeout })'(time, sendTimeout) {
    const { technique, channel } = reading(time, { sendTimeout })
    technique.latest.open()
    return sent(channel.send(Object.assign(new Blob(), { arrayBuffer: hang })))
  },
  'backoff({ initialDelay })'(time, initialDelay) {
    const retry = backoff({ initialDelay, maxDelay: Infinity, random: () => 0.5 })
    const { technique, connections } = reading(time, { retry })
    technique.latest.drop(new PushError('network-error', 'down'))
    return () => connections() > 1
  },
  'standard({ heartbeat })'(time, heartbeat) {
    const { technique, error } = reading(time, { backend: standard({ heartbeat }) })
    technique.latest.open()
    return error
  },
  'standard({ heartbeat: { every } })': beating((every) => ({ every })),
  'standard({ heartbeat: { within } })': async (time, within) => {
    const { technique, url } = await beaten()
    const backend = standard({ heartbeat: { send: 'ping', every: 1, within } })
    const { channel, error } = reading(time, { technique, backend }, url)
    await firstValueFrom(channel.state$.pipe(filter(({ status }) => status === 'open')))
    return error
  },
  async 'polling({ minInterval })'(time, minInterval) {
    const { read, asked, first } = await polls(time, polling({ minInterval }), again)
    read({ heartbeatGrace: 1e9 })
    await first
    return () => asked() > 1
  },
  async 'polling({ maxInterval })'(time, maxInterval) {
    const { read, asked, first } = await polls(
      time,
      polling({ minInterval: 1, maxInterval, backoffFactor: 1e20 }),
      nothing,
    )
    read({ heartbeatGrace: 1e9 })
    await first
    return () => asked() > 1
  },
  async 'pageLifecycle({ hiddenPollInterval })'(time, hiddenPollInterval) {
    const { read, asked, first } = await polls(time, polling({ minInterval: 1 }), again)
    read({
      heartbeatGrace: 1e9,
      lifecycle: pageLifecycle({
        hiddenPollInterval,
        hiddenTimeout: Infinity,
        signals: { ...signals, hidden$: of(true) },
      }),
    })
    await first
    return () => asked() > 1
  },
  'pageLifecycle({ hiddenTimeout })'(time, hiddenTimeout) {
    const { technique, status } = reading(time, {
      lifecycle: pageLifecycle({ hiddenTimeout, signals: { ...signals, hidden$: of(true) } }),
      backend: standard({ heartbeat: 1e9 }),
    })
    technique.latest.open()
    return () => status() === 'idle'
  },
  'pageLifecycle({ offlineRetryInterval })'(time, offlineRetryInterval) {
    const lifecycle = pageLifecycle({ offlineRetryInterval, signals: { ...signals, offline$: of(true) } })
    const { technique, connections } = reading(time, { retry: now, lifecycle })
    technique.latest.drop()
    return () => connections() > 1
  },
  'fallback({ connectTimeout })'(time, connectTimeout) {
    const [higher, lower] = [mockTechnique({ name: 'higher' }), mockTechnique({ name: 'lower' })]
    reading(time, { technique: fallback({ connectTimeout }, higher, lower), connectTimeout: Infinity })
    return () => lower.connections.length > 0
  },
  'fallback({ overlapTime })'(time, overlapTime) {
    const { higher, channel } = onLowerRung(time, { overlapTime })
    time.advance(10_000)
    higher.latest.open()
    higher.latest.alive()
    return () => channel.state.technique === 'higher'
  },
  'fallback({ upgradeProbe: { first } })'(time, first) {
    const { higher } = onLowerRung(time, { upgradeProbe: { first, max: Infinity } })
    return () => higher.connections.length > 1
  },
  'fallback({ rememberFor })'(time, rememberFor) {
    const { higher, channel, subscription } = onLowerRung(time, {
      rememberFor,
      upgradeProbe: { first: Infinity, max: Infinity },
    })
    subscription.unsubscribe()
    const { length } = higher.connections
    return () => {
      channel.events$.subscribe().unsubscribe()
      return higher.connections.length > length
    }
  },
  async '`expiresAt` of `prepareRequest`'(time, ms) {
    const prepareRequest = () => ({ expiresAt: time.now() + ms })
    const { technique, connections } = reading(time, { prepareRequest, idleReconnectAfter: Infinity })
    technique.latest.open()
    technique.latest.message(1)
    return () => connections() > 1
  },
  async 'the delay of a retry policy, before a second snapshot'(time, ms) {
    let asked = 0
    const retry = Object.assign(backoff(), { nextDelay: () => ms })
    const bound = store(time, () => Promise.reject(new Error(`no ${(asked += 1)}`)), retry)
    while (bound.$push.error?.code !== 'snapshot-failed') await Promise.resolve()
    return () => asked > 1
  },
}

/** A WebSocket server that never responds, and the messages that it receives. */
async function beaten() {
  const { server, url } = await sockets()
  const heard: string[] = []
  server.on('connection', (socket) => socket.on('message', (data) => void heard.push(String(data))))
  return { url, heard, technique: webSocket({ implementation }) }
}

function beating(times: (ms: number) => { every: number }) {
  return async (time: VirtualTime, ms: number) => {
    const { technique, url, heard } = await beaten()
    const backend = standard({ heartbeat: { send: 'ping', ...times(ms) } })
    const { channel } = reading(time, { technique, backend, idleReconnectAfter: Infinity }, url)
    await firstValueFrom(channel.state$.pipe(filter(({ status }) => status === 'open')))
    return () => heard.length > 0
  }
}

describe('an option that is a time', () => {
  test.for(Object.keys(options))('%s: passes', async (name) => {
    const time = virtualTime()
    const passed = await options[name]?.(time, 1_000)
    time.advance(WATCHED)
    await expect.poll(() => passed?.()).toBeTruthy()
  })

  test.for(Object.keys(options).flatMap((name) => TOO_LONG.map((ms) => [name, ms] as const)))(
    '%s: waits %d ms, which no host’s timer can',
    async ([name, ms]) => {
      const time = virtualTime()
      const passed = await options[name]?.(time, ms)
      time.advance(WATCHED)
      await settle()
      expect(passed?.()).toBeFalsy()
    },
  )
})
