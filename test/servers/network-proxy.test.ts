import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createHub, type Hub } from 'pinia-push/hub'
import { createNetworkProxy, type NetworkProxy } from './network-proxy.ts'

let hub: Hub
let network: NetworkProxy
let stop: () => Promise<unknown>

beforeEach(async () => {
  hub = createHub({ startFrom: 'oldest' })
  const server = createServer((request, response) => void hub.handle(request, response))
  server.on('upgrade', (request, socket, head) => void hub.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  network = await createNetworkProxy({ port: (server.address() as AddressInfo).port })
  stop = async () => {
    await network.close()
    void hub.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
afterEach(() => stop())

const poll = () => fetch(`${network.url}/push/a?wait=0`)
const stream = () => fetch(`${network.url}/push/a`, { headers: { Accept: 'text/event-stream' } })
function upgrade() {
  const socket = new WebSocket(`${network.url.replace('http', 'ws')}/push/a`, 'ws+meta.nchan')
  const said: string[] = []
  const ended = new Promise<string>((resolve) => {
    socket.on('error', ({ message }) => resolve(message))
    socket.on('close', (code) => resolve(String(code)))
  })
  socket.on('message', (data) => said.push(String(data).split('\n').at(-1) ?? ''))
  return { socket, said, ended, opened: () => once(socket, 'open') }
}
const open = (kind: keyof NetworkProxy['stats']) => () => network.stats[kind].open

describe('a network with rules', () => {
  test('distinguishes upgrades, streams and polls, and forwards them', async () => {
    const { socket, said, opened } = upgrade()
    const [events] = await Promise.all([stream(), opened()])
    hub.publish('a', 'one')
    await expect.poll(() => said).toContain('one')
    expect(await (await poll()).text()).toContain('one')
    const { upgrade: upgrades, stream: streams, poll: polls } = network.stats
    expect([upgrades, streams, polls].map(({ requests }) => requests)).toEqual([1, 1, 1])
    socket.close()
    await events.body?.cancel()
    await expect.poll(open('upgrade')).toBe(0)
    await expect.poll(open('stream')).toBe(0)
  })

  test('rejects one kind, and no other', async () => {
    network.rule('upgrade', 'refuse')
    expect(await upgrade().ended).toBe('Unexpected server response: 403')
    expect((await poll()).status).toBe(304)
  })

  test('resets new and open connections', async () => {
    const standing = upgrade()
    await standing.opened()
    network.rule('upgrade', 'reset')
    expect(await standing.ended).toMatch(/ECONNRESET|1006/)
    expect(await upgrade().ended).toMatch(/ECONNRESET|hang up/)
    expect(network.stats.upgrade.cut).toBe(2)
  })

  test('never responds with the rule `hang`, until the rule changes', async () => {
    network.rule('poll', 'hang')
    const asked = poll()
    await expect.poll(open('poll')).toBe(1)
    network.rule('poll', 'pass')
    expect((await asked).status).toBe(304)
  })

  test('opens and closes connections with the rule `flap`', async () => {
    network.rule('upgrade', 'flap', { life: 20 })
    const { opened, ended } = upgrade()
    await opened()
    expect(await ended).toMatch(/ECONNRESET|1006/)
  })

  test('forwards nothing with the rule `black hole`, closes nothing, and delivers held bytes afterwards', async () => {
    const { socket, said, opened } = upgrade()
    await opened()
    hub.publish('a', 'before')
    await expect.poll(() => said).toContain('before')
    network.rule('upgrade', 'black-hole')
    hub.publish('a', 'meanwhile')
    // Another way shows that the hub has said it.
    expect(await (await poll()).text()).toContain('meanwhile')
    expect([said.includes('meanwhile'), socket.readyState]).toEqual([false, WebSocket.OPEN])
    network.rule('upgrade', 'pass')
    await expect.poll(() => said).toContain('meanwhile')
    socket.close()
  })

  test('leaves open connections unchanged on request', async () => {
    const { socket, said, opened } = upgrade()
    await opened()
    network.rule('upgrade', 'reset', { standing: false })
    hub.publish('a', 'still here')
    await expect.poll(() => said).toContain('still here')
    socket.close()
  })

  test('forwards the head of a buffered response, and holds the rest', async () => {
    network.rule('stream', 'buffer')
    const { status, body } = await stream()
    expect(status).toBe(200)
    const first = body?.getReader().read()
    expect(await Promise.race([first, poll().then(() => 'nothing yet')])).toBe('nothing yet')
    network.rule('stream', 'pass')
    expect((await first)?.done).toBe(false)
  })

  test('responds to polls at once, with an empty body', async () => {
    network.rule('poll', 'empty')
    expect(await (await poll()).text()).toBe('')
  })
})
