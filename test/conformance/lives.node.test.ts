import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { of } from 'rxjs'
import { describe, expect } from 'vitest'
import { createHub, type Hub, type HubOptions } from 'pinia-push/hub'
import { nchan, pausable } from 'pinia-push/observables'
import { roundRobin, type RoundRobin } from '../servers/round-robin.ts'
import { story, test as base, type Reader } from './fixtures.ts'
import { nodeRows } from './node-rows.ts'

interface Served {
  hub: Hub
  port: number
  url: string
  /** Cuts every connection, as the end of a process does. */
  end(): Promise<void>
}

interface HubSettings extends HubOptions {
  /** @default a free port */
  port?: number
  /** Closes the connection after each response, as behind a proxy without keep-alive. */
  closes?: boolean
}

const test = base.extend<{
  host: (settings?: HubSettings) => Promise<Served>
  between: (...hubs: Served[]) => Promise<RoundRobin>
}>({
  host: async ({}, use) => {
    const hosts: Served[] = []
    await use(async ({ port: wanted = 0, closes = false, ...options } = {}) => {
      const hub = createHub(options)
      const server = createServer((request, response) => {
        if (closes) response.setHeader('Connection', 'close')
        hub.handle(request, response)
      })
      server.on('upgrade', (request, socket, head) => {
        socket.on('error', () => {})
        hub.upgrade(request, socket, head)
      })
      await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const host: Served = {
        hub,
        port,
        url: `http://127.0.0.1:${port}/push/`,
        async end() {
          const closed = new Promise((resolve) => server.close(resolve))
          server.closeAllConnections()
          await hub.close()
          server.closeAllConnections()
          await closed
        },
      }
      hosts.push(host)
      return host
    })
    await Promise.all(hosts.map((host) => host.end()))
  },
  between: async ({}, use) => {
    const proxies: RoundRobin[] = []
    await use(async (...hubs) => {
      const proxy = await roundRobin(hubs.map(({ port }) => port))
      proxies.push(proxy)
      return proxy
    })
    await Promise.all(proxies.map((proxy) => proxy.close()))
  },
})

const T = 1_700_000_000_500

/** Returns where a message is missing or repeated without a gap before it. */
function silentHoles({ events }: Reader): string[] {
  let next: number | undefined
  return story(events).flatMap((word) => {
    if (word.startsWith('gap')) {
      next = undefined
      return []
    }
    const wrong = next !== undefined && Number(word) !== next
    next = Number(word) + 1
    return wrong ? [`${word} in the place of ${next - 1}`] : []
  })
}

/** Returns messages that were received more than once. */
const repeated = ({ data }: Reader) => data.filter((text, at) => data.indexOf(text) !== at)

describe.for(nodeRows.map((row) => [row.name, row] as const))('%s', ([, row]) => {
  test.for([
    ['within the same millisecond', T],
    ['with its clock set back', T - 5_000],
    ['with its clock set ahead', T + 5_000],
  ] as const)('emits a gap when the hub restarts %s, and repeats nothing', async ([, now], { host, read }) => {
    const first = await host({ now: () => T })
    const reader = read(row, `${first.url}a`)
    await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
    for (const text of ['0', '1']) first.hub.publish('a', text)
    await reader.gets('1')
    await first.end()
    const second = await host({ port: first.port, now: () => now, startFrom: 'oldest' })
    for (const text of ['2', '3', '4']) second.hub.publish('a', text)
    await reader.sees('gap')
    for (const text of ['5', '6']) second.hub.publish('a', text)
    await reader.gets('6')
    expect(story(reader.events)).toEqual(['0', '1', 'gap unknown-cursor', '5', '6'])
  })

  test('emits a gap before every loss between two hubs behind one address, and repeats nothing', async ({
    host,
    between,
    read,
  }) => {
    const hubs = [await host({ now: () => T }), await host({ now: () => T })]
    const proxy = await between(...hubs)
    const reader = read(row, `http://127.0.0.1:${proxy.port}/push/a`)
    await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
    let next = 0
    const publish = () => {
      for (const { hub } of hubs) hub.publish('a', String(next))
      next += 1
    }
    for (let round = 0; round < 6; round += 1) {
      const before = reader.data.length
      // Publishes until one arrives: messages during a reconnect are lost.
      while (reader.data.length === before) {
        publish()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      proxy.drop()
      publish()
    }
    expect(silentHoles(reader)).toEqual([])
    expect(repeated(reader)).toEqual([])
    expect(reader.count('gap')).toBeGreaterThan(0)
  })

  test('emits a gap when it switches to another hub of `baseUrl`', async ({ host, read }) => {
    const [a, b] = [await host({ now: () => T }), await host({ now: () => T, startFrom: 'oldest' })]
    const reader = read(row, 'a', { baseUrl: [a.url, b.url] })
    await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
    for (const text of ['0', '1']) a.hub.publish('a', text)
    await reader.gets('1')
    for (const text of ['1', '2', '3']) b.hub.publish('a', text)
    await a.end()
    await reader.sees('gap')
    b.hub.publish('a', '4')
    await reader.gets('4')
    expect(story(reader.events)).toEqual(['0', '1', 'gap unknown-cursor', '4'])
  })

  test('emits a gap at once for a cursor of another hub', async ({ host, client }) => {
    const [a, b] = [await host({ now: () => T }), await host({ now: () => T })]
    const { id } = a.hub.publish('a', '0')
    const from = { namespace: nchan().name, value: id, opened: true }
    const channel = client(row).channel<number>(`${b.url}a`)
    const seen: string[] = []
    await new Promise<void>((resolve) => {
      const subscription = pausable(channel, of(false), from).subscribe((event) => {
        if (event.type === 'gap') {
          seen.push(`gap ${event.reason}`)
          b.hub.publish('a', '1')
        } else if (event.type === 'message') {
          seen.push(String(event.data))
          subscription.unsubscribe()
          resolve()
        }
      })
    })
    expect(seen).toEqual(['gap unknown-cursor', '1'])
  })
})

describe.for(nodeRows.filter(({ name }) => /polling/i.test(name)).map((row) => [row.name, row] as const))(
  '%s',
  ([, row]) => {
    test('emits a gap for each response from the other of two hubs', async ({ host, between, read }) => {
      const hubs = [await host({ now: () => T, closes: true }), await host({ now: () => T, closes: true })]
      const proxy = await between(...hubs)
      const reader = read(row, `http://127.0.0.1:${proxy.port}/push/a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      for (let next = 0; reader.count('gap') < 4; next += 1) {
        hubs[next % 2]?.hub.publish('a', String(next))
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      expect([silentHoles(reader), repeated(reader)]).toEqual([[], []])
    })

    // Chromium takes a cut head for a whole one.
    test('never uses a cursor from a response whose head was cut in the epoch', async ({ script, read }) => {
      const server = await script()
      const modified = 'Thu, 01 Jan 1970 00:00:09 GMT'
      const common = { 'last-modified': modified, 'push-heartbeat': '15' }
      await server.respond([
        { headers: { ...common, etag: '123.abcdef' }, body: 'one' },
        {
          cut: `HTTP/1.1 304 Not Modified\r\nPush-Heartbeat: 15\r\nLast-Modified: ${modified}\r\nEtag: 123.abc\r\n\r\n`,
        },
        { headers: { ...common, etag: '124.abcdef' }, body: 'two' },
        { status: 304, headers: { ...common, etag: '124.abcdef' } },
      ])
      const reader = read(row, `${server.url}a`)
      await reader.gets('two')
      const asked = (await server.requests()).slice(1)
      const from = asked.map(({ url }) => new URL(url, server.url).searchParams.get('last_event_id'))
      expect(new Set(from.slice(0, 2))).toEqual(new Set(['9:123.abcdef']))
      expect(story(reader.events)).toEqual(['one', 'two'])
    })
  },
)
