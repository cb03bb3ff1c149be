import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { describe, expect, onTestFinished } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { STREAMS, UPGRADE, ask, checksForStalls, request, subscribers, test, until } from '../mounted.ts'

/** More than kernels take for a connection that is not read. */
const MUCH = 24_000_000
const MEGABYTE = 'x'.repeat(1_000_000)
const KEEPS_MUCH = { startFrom: 'oldest', history: { bytes: 2 * MUCH }, maxMessageBytes: MUCH } as const

describe.each(STREAMS)('%s', (_, asked) => {
  test('is closed if its client reads none of the kept messages', async ({ mount }) => {
    const { hub, ...ports } = await mount({ ...KEEPS_MUCH, stallTimeout: 100 })
    for (let n = 0; n < 24; n += 1) hub.publish('a', MEGABYTE)
    ask(ports, asked)
    await subscribers(hub, 1)
    await subscribers(hub, 0)
  })

  test('is closed if its client reads none of the live messages', async ({ mount }) => {
    const { hub, ...ports } = await mount({ stallTimeout: 100, maxBufferedBytes: 2 * MUCH })
    ask(ports, asked)
    await subscribers(hub, 1)
    for (let n = 0; n < 24; n += 1) hub.publish('a', MEGABYTE)
    await subscribers(hub, 0)
  })

  test('stays open while its client reads one large message bit by bit', async ({ mount }) => {
    const check = checksForStalls(400)
    const { hub, ...ports } = await mount({ ...KEEPS_MUCH, stallTimeout: 400 })
    hub.publish('a', 'x'.repeat(MUCH - 1) + '!')
    const socket = ask(ports, asked)
    let taken = 0
    let last = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      taken += chunk.length
      last = (last + String(chunk)).slice(-200)
      if (taken < 500_000) return
      taken = 0
      socket.pause()
      void check().then(() => socket.resume())
    })
    socket.resume()
    await until(() => last.includes('!') || socket.closed)
    expect(last).toContain('!')
    expect(hub.state('a')?.subscribers).toBe(1)
  })
})

describe('a connection is closed', () => {
  test('if its client does not read the response of a poll', async ({ mount }) => {
    const { hub, connections, ...ports } = await mount({ ...KEEPS_MUCH, stallTimeout: 100 })
    hub.publish('a', 'x'.repeat(MUCH))
    ask(ports, request('a'))
    await until(() => connections() === 1)
    await until(() => connections() === 0)
  })

  // Each is a page of its own, so that kernels are full soon.
  test('if its client does not read rejections', async ({ mount }) => {
    const { port } = await mount({ stallTimeout: 100 })
    const bytes = request('a?last_event_id=nonsense&frame=abcdefgh&frame_parent=http://localhost')
    const client = ask({ port }, bytes)
    const counts = { begun: 0, handedOver: 0 }
    let end: Socket | undefined
    const isOurs = (message: unknown): message is { socket: Socket } =>
      (message as { socket: Socket }).socket.remotePort === client.localPort
    const begin = (message: unknown) => {
      if (!isOurs(message)) return
      counts.begun += 1
      end = message.socket
    }
    // The next is asked when the one before was handed over: none waits for its turn.
    const finish = (message: unknown) => {
      if (!isOurs(message)) return
      counts.handedOver += 1
      client.write(bytes)
    }
    subscribe('http.server.request.start', begin)
    subscribe('http.server.response.finish', finish)
    onTestFinished(() => {
      unsubscribe('http.server.request.start', begin)
      unsubscribe('http.server.response.finish', finish)
    })
    await until(() => end?.closed === true)
    expect(counts.begun - counts.handedOver).toBe(1)
  })

  test('if a WebSocket client does not acknowledge a close', async ({ mount }) => {
    const { hub, connections, ...ports } = await mount({ stallTimeout: 100 })
    ask(ports, request('a', UPGRADE)).resume()
    await subscribers(hub, 1)
    hub.delete('a')
    await until(() => connections() === 0)
  })
})

describe('a tunnel', () => {
  /** A TCP server behind a tunnel, and a client that came through. */
  const joined = async (mount: (options: object) => Promise<{ port: number }>) => {
    const peers: Socket[] = []
    const server = createServer((socket) => void peers.push(socket.on('error', () => {})))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
    const { port } = await mount({ stallTimeout: 100, tunnels: { '/quotes': target } })
    const client = new WebSocket(`ws://127.0.0.1:${port}/quotes`)
    client.on('error', () => {})
    onTestFinished(() => client.terminate())
    await once(client, 'message')
    const [peer] = peers
    if (!peer) throw new Error('No client connected.')
    return { client, peer }
  }

  test('closes if its client reads nothing of the server', async ({ mount }) => {
    const { client, peer } = await joined(mount)
    client.pause()
    peer.resume()
    for (let n = 0; n < 24; n += 1) peer.write(MEGABYTE)
    await until(() => peer.closed)
  })

  test('closes if its server reads nothing of the client', async ({ mount }) => {
    const { client, peer } = await joined(mount)
    peer.pause()
    for (let n = 0; n < 24; n += 1) client.send(MEGABYTE)
    await once(client, 'close')
  })
})

describe('the limit', () => {
  test('does not close idle connections', async ({ mount }) => {
    const check = checksForStalls(400)
    const { hub, ...ports } = await mount({ stallTimeout: 400 })
    for (const [, asked] of STREAMS) ask(ports, asked)
    await subscribers(hub, STREAMS.length)
    // Three times as long as what stalls may stay.
    for (let n = 0; n < 12; n += 1) await check()
    expect(hub.state('a')?.subscribers).toBe(STREAMS.length)
  })

  test.for([0, -1, Number.NaN, 2_147_483_648, Infinity])('cannot be %d', (stallTimeout) => {
    expect(() => createHub({ stallTimeout })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })
})
