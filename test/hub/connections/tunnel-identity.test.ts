import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished } from 'vitest'
import type { AuthorizeRequest } from 'pinia-push/hub'
import { throughTunnel } from '../lines.ts'
import { test } from '../serve.ts'

/** Every client socket that this process makes from now on: the tests' own, and any that the hub would make. */
function clientSockets(): Socket[] {
  const sockets: Socket[] = []
  const add = (message: unknown) => void sockets.push((message as { socket: Socket }).socket)
  subscribe('net.client.socket', add)
  onTestFinished(() => void unsubscribe('net.client.socket', add))
  return sockets
}

/** Subscribes by TCP, from a port and an address of one's own choice; the first line that comes back. */
async function lineFrom(localPort: number, tcpPort: number): Promise<unknown> {
  const socket = connect({ host: '127.0.0.1', port: tcpPort, localAddress: '127.0.0.2', localPort })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write('{"subscribe":"./secret"}\n')
  const [line] = await once(createInterface({ input: socket }), 'line')
  return JSON.parse(String(line))
}

describe('a tunnel', () => {
  test('gives its permissions to no other TCP client, whatever port it connects from', async ({ serve }) => {
    const asked: Pick<AuthorizeRequest, 'headers' | 'clientIp'>[] = []
    const { hub, url } = await serve({
      authorize({ headers, clientIp }) {
        asked.push({ headers, clientIp })
        return headers.cookie === 'session=alice'
      },
    })
    const { port } = await hub.listenTcp()
    const sockets = clientSockets()
    const alice = throughTunnel(url, { cookie: 'session=alice' })
    onTestFinished(alice.leave)
    alice.send({ subscribe: './secret' })
    expect(await alice.next()).toMatchObject({ push: 'open' })

    const ports = sockets.flatMap(({ localPort }) => localPort ?? [])
    expect(ports.length).toBeGreaterThan(0)
    asked.length = 0
    for (const stolen of ports) expect(await lineFrom(stolen, port)).toMatchObject({ status: 403 })
    expect(asked).toEqual(ports.map(() => ({ headers: {}, clientIp: '127.0.0.2' })))
  })

  test('to the hub’s own lines is joined in this process, without a TCP connection', async ({ serve }) => {
    const { hub, url } = await serve()
    const { port } = await hub.listenTcp()
    const sockets = clientSockets()
    const { send, next, leave } = throughTunnel(url)
    onTestFinished(leave)
    send({ subscribe: './a' })
    expect(await next()).toMatchObject({ push: 'open' })
    expect(sockets.map(({ remotePort }) => remotePort)).not.toContain(port)
    expect(sockets).toHaveLength(1)
  })

  test('ends with its WebSocket, and leaves no subscriber behind', async ({ serve }) => {
    const { hub, url } = await serve()
    await hub.listenTcp()
    const { send, next, leave } = throughTunnel(url)
    send({ subscribe: './a' })
    await next()
    expect(hub.state('a')?.subscribers).toBe(1)
    leave()
    // A channel without subscribers and messages is not kept.
    await expect.poll(() => hub.state('a')).toBeUndefined()
  })

  test('publishes messages that were sent before its WebSocket closed, however long `authorize` takes', async ({
    serve,
  }) => {
    const decide: (() => void)[] = []
    const { hub, url } = await serve({
      authorize: ({ action }) => action === 'subscribe' || new Promise((resolve) => decide.push(() => resolve(true))),
    })
    await hub.listenTcp()
    const { send, next, socket } = throughTunnel(url)
    send({ subscribe: './a' })
    await next()
    for (const text of ['one', 'two', 'three']) send({ text })
    await expect.poll(() => decide.length).toBe(1)
    const closed = once(socket, 'close')
    socket.close()
    await closed
    for (const turn of [0, 1, 2]) {
      await expect.poll(() => decide.length).toBe(turn + 1)
      decide[turn]?.()
    }
    await expect.poll(() => hub.state('a')).toMatchObject({ messages: 3, subscribers: 0 })
  })
})
