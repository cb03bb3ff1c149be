import { Channel, createCable } from '@anycable/core'
import { WebSocket } from 'ws'
import { expect, onTestFinished, test } from 'vitest'
import { waitFor } from '../wait-for.ts'
import { createFaultProxy } from './fault-proxy.ts'
import { startAnyCable } from './anycable-server.ts'

// The official client connects to the server of the tests, so that it behaves as the servers that it knows.

class RoomChannel extends Channel<{ id: string }> {
  static override identifier = 'RoomChannel'
}

async function start() {
  const server = await startAnyCable()
  onTestFinished(server.close)
  const proxy = await createFaultProxy({ port: server.port })
  onTestFinished(() => proxy.close())
  const cable = createCable(`${proxy.url.replace('http', 'ws')}/cable`, {
    websocketImplementation: WebSocket,
    protocol: 'actioncable-v1-ext-json',
    logLevel: 'error',
  })
  onTestFinished(() => cable.disconnect())
  return { server, proxy, cable }
}

test('the official client subscribes, receives, performs an action and unsubscribes', async () => {
  const { server, cable } = await start()
  const channel = new RoomChannel({ id: 'a' })
  const received: unknown[] = []
  channel.on('message', (message) => void received.push(message))
  cable.subscribe(channel)
  await channel.ensureSubscribed()
  await server.publish('a', { data: 'one' })
  await waitFor(() => expect(received).toEqual([{ text: 'one' }]))
  await channel.perform('speak', { text: 'two' })
  await waitFor(() => expect(received).toEqual([{ text: 'one' }, { text: 'two' }]))
  channel.disconnect()
  await waitFor(async () => expect((await server.stats('a')).subscribers).toBe(0))
})

test('the official client is rejected', async () => {
  const { cable } = await start()
  const channel = new RoomChannel({ id: 'denied' })
  cable.subscribe(channel)
  await expect(channel.ensureSubscribed()).rejects.toThrow('Rejected')
})

test('the official client resumes after a drop', async () => {
  const { server, proxy, cable } = await start()
  const channel = new RoomChannel({ id: 'a' })
  const received: unknown[] = []
  channel.on('message', (message) => void received.push(message))
  cable.subscribe(channel)
  await channel.ensureSubscribed()
  await server.publish('a', { data: 'one' })
  await waitFor(() => expect(received).toHaveLength(1))
  proxy.drop()
  await waitFor(async () => expect((await server.stats('a')).subscribers).toBe(0))
  await server.publish('a', { data: 'two' })
  await waitFor(() => expect(received).toEqual([{ text: 'one' }, { text: 'two' }]))
})
