import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { fallback, fetchStream, longPolling, polling, sse, webSocket } from 'pinia-push/observables'
import { serveDurableStreams } from '../servers/durable-streams.ts'
import { test } from './fixtures.ts'
import { BACKENDS, failedTwice, warning, spyOnWarnings, wrongServers } from './wrong-server.ts'

const techniques = {
  polling: polling({ minInterval: 50 }),
  longPolling: longPolling(),
  sse: sse(),
  fetchStream: fetchStream(),
}
const ws = () => webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket })

/** Returns the URL of a server that starts every response like this, and does not end it. */
async function streaming(headers: Record<string, string>, body: string): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', ...headers })
    response.write(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`
}

wrongServers(techniques)

describe('fallback without a technique that fits warns once, and the channel never opens', () => {
  const ladder = () => fallback(ws(), sse(), longPolling())

  test('HTML', async ({ script, read }) => {
    const server = await script()
    await server.respond([{ headers: { 'content-type': 'text/html' }, body: '<!doctype html>' }])
    const warnings = spyOnWarnings()
    const reader = read({ technique: ladder }, `${server.url}a`, warning(BACKENDS['nchan()']()))
    await failedTwice(reader)
    expect(warnings()).toEqual([expect.stringContaining('text/html')])
    expect(reader.count('open')).toBe(0)
  })

  test('a server of events', async ({ read }) => {
    const url = await streaming({}, 'retry: 10\n\ndata: one\n\n')
    const warnings = spyOnWarnings()
    const reader = read({ technique: ladder }, url, warning(BACKENDS['nchan()']()))
    await failedTwice(reader)
    expect(warnings()).toEqual([expect.stringContaining('standard()')])
    expect(reader.count('open')).toBe(0)
  })
})

describe('a WebSocket with the wrong backend warns once, and the channel never opens', () => {
  test.for([
    ['standard()', 'hub'],
    ['nchan()', 'a server of the standards'],
  ] as const)('%s on %s', async ([backend, on], { serve, script, read }) => {
    const url = on === 'hub' ? `${(await serve()).url}a` : `${(await script()).url}a`
    const warnings = spyOnWarnings()
    const reader = read({ technique: ws }, url, warning(BACKENDS[backend]()))
    await failedTwice(reader)
    expect(warnings()).toEqual([expect.stringContaining(backend === 'standard()' ? 'use nchan()' : 'standard()')])
    expect(reader.count('open')).toBe(0)
  })
})

describe('a Durable Streams server makes other backends name `durableStreams()`', () => {
  test.for([
    ['standard()', 'polling'],
    ['standard()', 'longPolling'],
    ['nchan()', 'polling'],
    ['nchan()', 'longPolling'],
  ] as const)('%s by %s', async ([backend, name], { read }) => {
    const server = await serveDurableStreams()
    onTestFinished(() => server.close())
    await server.create('a', 'application/json')
    const warnings = spyOnWarnings()
    const reader = read({ technique: () => techniques[name] }, `${server.url}a`, warning(BACKENDS[backend]()))
    await failedTwice(reader)
    expect(warnings()).toEqual([expect.stringContaining('Use durableStreams().')])
    expect(reader.count('open')).toBe(0)
  })
})

describe('a Mercure hub that sends its last event id makes other backends name `mercure()`', () => {
  test.for(['standard()', 'nchan()', 'durableStreams()'] as const)('%s by sse', async (backend, { read }) => {
    const url = await streaming({ 'Mercure-Last-Event-ID': 'earliest' }, ':\n')
    const warnings = spyOnWarnings()
    const reader = read({ technique: () => techniques.sse }, url, warning(BACKENDS[backend]()))
    await failedTwice(reader)
    expect(warnings()).toEqual([expect.stringContaining('Use mercure().')])
    expect(reader.count('open')).toBe(0)
  })
})

describe('Nchan makes other backends name `nchan()`', () => {
  test.override({ kind: 'nchan' })

  test.for([
    ['standard()', 'polling'],
    ['standard()', 'longPolling'],
    ['durableStreams()', 'polling'],
    ['durableStreams()', 'longPolling'],
  ] as const)('%s by %s', async ([backend, name], { serve, read }) => {
    const server = await serve({ startFrom: 'oldest' })
    await server.publish('a', [{ data: 'one' }])
    const warnings = spyOnWarnings()
    const reader = read({ technique: () => techniques[name] }, `${server.url}a`, warning(BACKENDS[backend]()))
    await failedTwice(reader)
    expect(warnings()).toEqual([expect.stringContaining('Use nchan().')])
    expect(reader.count('open')).toBe(0)
  })
})
