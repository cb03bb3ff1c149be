import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { AuthorizeRequest, Hub, HubOptions } from 'pinia-push/hub'
import { walkWaits, type Driver } from '../walk-waits.ts'
import { STREAMS, UPGRADE, ask, mountHub, request, subscribers, until } from './mounted.ts'

interface Clock {
  advance(ms: number): void
  now(): number
}

/** The hub's timers and its clock; those of Node's network go on. */
function clock(): Clock {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  let time = 1e12
  return {
    now: () => time,
    advance(ms) {
      time += ms
      vi.advanceTimersByTime(ms)
    },
  }
}

async function mount({ now }: Clock, options: HubOptions = {}) {
  const mounted = await mountHub({ now, log: () => {}, ...options })
  onTestFinished(() => {
    vi.useRealTimers()
    return mounted.close()
  })
  return { ...mounted, url: `http://127.0.0.1:${mounted.port}/push/a` }
}

/** More than kernels take for a connection that is not read. */
const MUCH = 24_000_000
const MEGABYTE = 'x'.repeat(1_000_000)
const KEEPS_MUCH = { startFrom: 'oldest', history: { bytes: 2 * MUCH }, maxMessageBytes: MUCH } as const
const LINES = '{"subscribe":"./a"}\n'

const closed = (socket: Socket) => () => (socket.closed ? 'cut' : undefined)

/** The status of the answer that comes. */
function status(socket: Socket): () => string | undefined {
  const answer = read(socket)
  return () => /^HTTP\/1.1 (\d+)|"status":(\d+)/.exec(answer.text)?.slice(1).find(Boolean)
}

/** Sends a message over a WebSocket. Returns its close code, once the message has reached a callback. */
async function closeCode({ url }: { url: string }, reached: Promise<unknown>): Promise<() => string> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'ws+meta.nchan')
  onTestFinished(() => socket.terminate())
  let code: number | undefined
  socket.on('close', (closedBy) => (code = closedBy))
  await once(socket, 'open')
  socket.send('x')
  await reached
  return () => String(code)
}

/** All that comes over a connection. */
function read(socket: Socket): { text: string } {
  const all = { text: '' }
  socket.on('data', (chunk) => (all.text += String(chunk))).resume()
  return all
}

const left = (hub: Hub) => () => (hub.state('a')?.subscribers ? undefined : 'cut')

/** A frame of a client, masked with zeros. */
const frame = (head: number, payload: string, length = payload.length) =>
  Buffer.concat([Buffer.of(head, 0x80 | length), Buffer.alloc(4), Buffer.from(payload)])
const TEXT = 0x81
const PING = 0x89

/** Writes for as long as anything is taken; resolves when nothing is. */
async function fill(socket: Socket, bytes: Buffer): Promise<void> {
  let written = socket.bytesWritten - socket.writableLength
  for (let still = 0; still < 20;) {
    while (!socket.destroyed && socket.writableLength < 1_000_000) socket.write(bytes)
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    const taken = socket.bytesWritten - socket.writableLength
    still = taken === written ? still + 1 : 0
    written = taken
  }
}

/** `authorize` never decides. `asked` resolves when a client waits for it. */
function undecided(when: (asked: AuthorizeRequest) => boolean = () => true) {
  let ask = () => {}
  const asked = new Promise<void>((resolve) => (ask = resolve))
  const authorize = (request: AuthorizeRequest) => {
    if (!when(request)) return true
    ask()
    return new Promise<boolean>(() => {})
  }
  return { authorize, asked }
}

/** `receive` never settles. `received` resolves when it has a message. */
function unreceived() {
  let ask = () => {}
  const received = new Promise<void>((resolve) => (ask = resolve))
  const receive = () => {
    ask()
    return new Promise<never>(() => {})
  }
  return { receive, received }
}

/** `authorize` allows everything. `asked` resolves when it has allowed something. */
function allowed() {
  let ask = () => {}
  const asked = new Promise<void>((resolve) => (ask = resolve))
  const authorize = () => {
    setImmediate(ask)
    return true
  }
  return { authorize, asked }
}

/** A TCP server behind a tunnel, and a client that came through. */
async function tunnel(time: Clock) {
  const peers: Socket[] = []
  const server = createServer((socket) => void peers.push(socket.on('error', () => {})))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const { port } = await mount(time, { tunnels: { '/quotes': target } })
  const client = new WebSocket(`ws://127.0.0.1:${port}/quotes`)
  client.on('error', () => {})
  onTestFinished(() => client.terminate())
  await once(client, 'message')
  const [peer] = peers
  if (!peer) throw new Error('No client connected.')
  return { client, peer }
}

/** A TCP server whose process is stopped, so that it accepts nothing: two connections fill its queue. */
async function stoppedServer() {
  const code =
    "const s = require('net').createServer().listen({ port: 0, backlog: 1 }, () => console.log(s.address().port))"
  const server = spawn(process.execPath, ['-e', code])
  onTestFinished(() => void server.kill('SIGKILL'))
  const [line] = await once(server.stdout, 'data')
  const to = { host: '127.0.0.1', port: Number(line) }
  server.kill('SIGSTOP')
  const queue = [connect(to), connect(to)]
  onTestFinished(() => queue.forEach((socket) => socket.on('error', () => {}).destroy()))
  await Promise.all(queue.map((socket) => once(socket, 'connect')))
  return to
}

const owed = Object.fromEntries(
  STREAMS.map(([name, asked]): [string, Driver<Clock>] => [
    `${name} reads its pending data`,
    async (time) => {
      const { hub, ...ports } = await mount(time, KEEPS_MUCH)
      for (let n = 0; n < 24; n += 1) hub.publish('a', MEGABYTE)
      ask(ports, asked)
      await subscribers(hub, 1)
      return left(hub)
    },
  ]),
)

const drivers: Record<string, Driver<Clock>> = {
  async 'the rest of a POST’s body'(time) {
    const { hub, ...ports } = await mount(time)
    const post = (length: number) =>
      `POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\nwhole`
    // What comes in one packet has come when the first of it was published.
    const socket = ask(ports, post(5) + post(100))
    await until(() => hub.state('a')?.messages === 1)
    const answers = read(socket)
    return () => /HTTP\/1.1 (408)/.exec(answers.text)?.[1]
  },
  async 'the rest of a WebSocket message'(time) {
    const { hub, ...ports } = await mount(time)
    const socket = ask(ports, request('a', UPGRADE))
    await subscribers(hub, 1)
    const stream = read(socket)
    // What comes in one packet has come when the ping is answered.
    socket.write(Buffer.concat([frame(PING, 'mark'), frame(TEXT, 'half', 100)]))
    await until(() => stream.text.includes('mark'))
    return left(hub)
  },
  async 'the rest of a line'(time) {
    const { hub, ...ports } = await mount(time)
    const socket = ask(ports, LINES)
    await subscribers(hub, 1)
    socket.write('{"text":"whole"}\n{"text":"half')
    await until(() => hub.state('a')?.messages === 1)
    return left(hub)
  },
  async 'the first line'(time) {
    const { tcpPort } = await mount(time)
    const socket = ask({ port: tcpPort }, '').resume()
    await once(socket, 'connect')
    return closed(socket)
  },
  async 'the close of a rejected TCP connection'(time) {
    const { tcpPort } = await mount(time)
    const socket = connect({ port: tcpPort, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
    onTestFinished(() => void socket.destroy())
    socket.resume().write('hello\n')
    await once(socket, 'end')
    // What is written to a connection that is cut is answered with a reset.
    return () => {
      socket.write('x')
      return closed(socket)()
    }
  },
  async '`authorize`, of a request'(time) {
    const { authorize, asked } = undecided()
    const socket = ask(await mount(time, { authorize }), request('a'))
    await asked
    return status(socket)
  },
  async '`authorize`, of a WebSocket'(time) {
    const { authorize, asked } = undecided()
    const socket = ask(await mount(time, { authorize }), request('a', UPGRADE))
    await asked
    return status(socket)
  },
  async '`authorize`, of a TCP connection'(time) {
    const { authorize, asked } = undecided()
    const socket = ask(await mount(time, { authorize }), LINES)
    await asked
    return status(socket)
  },
  async '`authorize`, of a message over a WebSocket'(time) {
    const { authorize, asked } = undecided(({ action }) => action === 'publish')
    return closeCode(await mount(time, { authorize }), asked)
  },
  async '`receive`, of a POST'(time) {
    const { receive, received } = unreceived()
    const ports = await mount(time, { receive })
    const socket = ask(ports, 'POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx')
    await received
    return status(socket)
  },
  async 'the first POST with the same `Idempotency-Key`'(time) {
    const { receive, received } = unreceived()
    const { hub, url } = await mount(time, { receive })
    const post = () => fetch(url, { method: 'POST', body: 'x', headers: { 'idempotency-key': '"k"' } })
    void post()
    await received
    let repeated: string | undefined
    void post().then((response) => (repeated = String(response.status)))
    // A body that came after the repetition.
    await fetch(url, { method: 'POST', body: 'y', headers: { 'idempotency-key': '"k"' } })
    expect(hub.state('a')).toBeUndefined()
    return () => repeated
  },
  async '`receive`, of a message over a WebSocket'(time) {
    const { receive, received } = unreceived()
    return closeCode(await mount(time, { receive }), received)
  },
  async '`receive`, of a message of a session'(time) {
    const { receive, received } = unreceived()
    const { port } = await mount(time, { receive })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/push/`, 'push.v2')
    onTestFinished(() => socket.terminate())
    let heads = ''
    socket.on('message', (frame: Buffer) => (heads += String(frame)))
    await once(socket, 'open')
    socket.send('[{"publish":"a","id":1,"length":1}]\nx')
    await received
    return () => /"error":1,"status":(\d+)/.exec(heads)?.[1]
  },
  ...owed,
  async 'the body of a poll is read'(time) {
    const { authorize, asked } = allowed()
    const { hub, connections, ...ports } = await mount(time, { ...KEEPS_MUCH, authorize })
    hub.publish('a', 'x'.repeat(MUCH))
    ask(ports, request('a'))
    await asked
    return () => (connections() === 0 ? 'cut' : undefined)
  },
  async 'a WebSocket acknowledges its close'(time) {
    const { hub, connections, ...ports } = await mount(time)
    ask(ports, request('a', UPGRADE)).resume()
    await subscribers(hub, 1)
    hub.delete('a')
    return () => (connections() === 0 ? 'cut' : undefined)
  },
  async 'a tunnel’s client reads the server’s data'(time) {
    const { client, peer } = await tunnel(time)
    client.pause()
    await fill(peer.resume(), Buffer.from(MEGABYTE))
    return closed(peer)
  },
  async 'a tunnel’s server reads the client’s data'(time) {
    const { client, peer } = await tunnel(time)
    peer.pause()
    for (let n = 0; n < 24; n += 1) client.send(MEGABYTE)
    let before = -1
    while (before !== client.bufferedAmount) {
      before = client.bufferedAmount
      for (let turn = 0; turn < 400; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    return () => (client.readyState === WebSocket.CLOSED ? 'cut' : undefined)
  },
  async 'data passes through a tunnel'(time) {
    const { peer } = await tunnel(time)
    return closed(peer.resume())
  },
  async 'the TCP server of a tunnel accepts'(time) {
    const target = await stoppedServer()
    const { authorize, asked } = allowed()
    const ports = await mount(time, { tunnels: { '/quotes': target }, authorize })
    const socket = ask(ports, request('a', UPGRADE).replace('/push/a', '/quotes'))
    await asked
    return status(socket)
  },
  async '`authorize`, of a subscription of a session'(time) {
    const { authorize, asked } = undecided()
    const { port } = await mount(time, { authorize })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/push/`, 'push.v2')
    onTestFinished(() => socket.terminate())
    let heads = ''
    socket.on('message', (frame: Buffer) => (heads += String(frame)))
    await once(socket, 'open')
    socket.send('[{"subscribe":"a","id":1}]')
    await asked
    return () => /"error":1,"status":(\d+)/.exec(heads)?.[1]
  },
  async '`authorize`, of a channel whose session has another token'(time) {
    let isFirst = true
    const { authorize, asked } = undecided(() => !isFirst)
    const { port } = await mount(time, { authorize })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/push/?token=old`, 'push.v2')
    onTestFinished(() => socket.terminate())
    let heads = ''
    socket.on('message', (frame: Buffer) => (heads += String(frame)))
    await once(socket, 'open')
    socket.send('[{"subscribe":"a","id":1}]')
    await until(() => heads.includes('"ok":1'))
    isFirst = false
    socket.send('[{"token":"new","replaces":"old","id":2}]')
    await asked
    return () => /"rejected":"a","status":(\d+)/.exec(heads)?.[1]
  },
  async 'the next poll of a session'(time) {
    const { hub, port } = await mount(time)
    const url = `http://127.0.0.1:${port}/push/`
    const [{ session } = { session: '' }] = (await (await fetch(url)).json()) as { session: string }[]
    await fetch(`${url}?session=${session}`, { method: 'POST', body: '[{"subscribe":"a","id":1}]' })
    await subscribers(hub, 1)
    return left(hub)
  },
  async 'a message, for a long poll'(time) {
    const { hub, ...ports } = await mount(time)
    const socket = ask(ports, request(`a?last_event_id=${encodeURIComponent(hub.cursor('a'))}`))
    await subscribers(hub, 1)
    return status(socket)
  },
  async 'the next heartbeat on a stream'(time) {
    const socket = ask(await mount(time), request('a', 'Accept: text/event-stream'))
    const stream = read(socket)
    await until(() => stream.text.includes('push.open'))
    return () => /push\.(ping)/.exec(stream.text)?.[1]
  },
  async 'subscribers read the end, when the hub closes'(time) {
    const { hub, ...ports } = await mount(time, KEEPS_MUCH)
    for (let n = 0; n < 24; n += 1) hub.publish('a', MEGABYTE)
    ask(ports, request('a', 'Accept: text/event-stream'))
    await subscribers(hub, 1)
    let ended: string | undefined
    void hub.close().then(() => (ended = 'closed'))
    return () => ended
  },
  async 'a message of the history is read'(time) {
    const { hub } = await mount(time)
    hub.publish('a', 'x')
    setTimeout(() => hub.publish('a', 'y'), 200_000)
    return () => (hub.state('a')?.messages === 1 ? 'forgotten' : undefined)
  },
  async 'a channel is used'(time) {
    const { hub } = await mount(time)
    hub.publish('a', 'x')
    return () => (hub.state('a') ? undefined : 'forgotten')
  },
  async 'the end of a channel is requested'(time) {
    const { hub, url } = await mount(time)
    const { id } = hub.publish('a', 'x')
    hub.delete('a')
    const poll = `${url}?wait=0&last_event_id=${encodeURIComponent(id)}`
    return async () => ((await fetch(poll)).status === 410 ? undefined : 'forgotten')
  },
  async 'a client may publish again, at 1 message per second'(time) {
    const { url } = await mount(time, { maxPublishRate: 1 })
    const publish = async () => String((await fetch(url, { method: 'POST', body: 'x' })).status)
    await publish()
    return publish
  },
}

walkWaits('What the hub waits for, and for how long', drivers, clock)
