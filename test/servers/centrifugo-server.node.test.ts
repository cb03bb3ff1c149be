import { Centrifuge, type Subscription } from 'centrifuge'
import { WebSocket } from 'ws'
import { expect, onTestFinished, test } from 'vitest'
import { waitFor } from '../wait-for.ts'
import { startCentrifugo } from './centrifugo-server.ts'
import { createFaultProxy } from './fault-proxy.ts'

// The official client connects to the server of the tests, so that it behaves as the servers that it knows.

async function start(token = '') {
  const server = await startCentrifugo()
  onTestFinished(server.close)
  const proxy = await createFaultProxy({ port: server.port })
  onTestFinished(() => proxy.close())
  const client = new Centrifuge(`${proxy.url.replace('http', 'ws')}/connection/websocket`, {
    websocket: WebSocket,
    minReconnectDelay: 10,
    maxReconnectDelay: 20,
    token,
  })
  onTestFinished(() => client.disconnect())
  client.connect()
  return { server, proxy, client }
}

/** Subscribes, and lists what the client received. */
function read(subscription: Subscription) {
  const events: unknown[] = []
  subscription
    .on('publication', ({ data }) => events.push(data))
    .on('subscribed', ({ wasRecovering, recovered }) => events.push(wasRecovering ? { recovered } : 'subscribed'))
    .on('unsubscribed', ({ code }) => events.push({ code }))
  subscription.subscribe()
  return events
}

test('the official client subscribes, receives, publishes and unsubscribes', async () => {
  const { server, client } = await start()
  const subscription = client.newSubscription('a')
  const events = read(subscription)
  await subscription.ready()
  await server.publish('a', { data: 'one' })
  await subscription.publish('two')
  await waitFor(() => expect(events).toEqual(['subscribed', 'one', 'two']))
  await expect(subscription.publish('denied')).rejects.toMatchObject({ code: 103 })
  subscription.unsubscribe()
  await waitFor(async () => expect((await server.stats('a')).subscribers).toBe(0))
})

test('the official client recovers after a drop, and not after a restart', async () => {
  const { server, proxy, client } = await start()
  const subscription = client.newSubscription('a')
  const events = read(subscription)
  await subscription.ready()
  await server.publish('a', { data: 'one' })
  await waitFor(() => expect(events).toContain('one'))
  proxy.refuse(true)
  proxy.drop()
  await waitFor(async () => expect((await server.stats('a')).subscribers).toBe(0))
  await server.publish('a', { data: 'two' })
  proxy.refuse(false)
  await waitFor(() => expect(events).toEqual(['subscribed', 'one', { recovered: true }, 'two']))
  await server.restart()
  await waitFor(() => expect(events.at(-1)).toEqual({ recovered: false }))
})

test('the official client is rejected, unsubscribed, and subscribes again where the code says so', async () => {
  const { server, client } = await start()
  const denied = read(client.newSubscription('denied'))
  await waitFor(() => expect(denied).toEqual([{ code: 103 }]))
  const subscription = client.newSubscription('a')
  const events = read(subscription)
  await subscription.ready()
  server.unsubscribe('a', 2_500)
  await waitFor(() => expect(events).toEqual(['subscribed', { recovered: true }]))
  server.unsubscribe('a', 2_000)
  await waitFor(() => expect(events.at(-1)).toEqual({ code: 2_000 }))
})

test('the official client is told that its token is expired', async () => {
  const { client } = await start('revoked')
  const error = await new Promise((resolve) => client.on('error', resolve))
  expect(error).toMatchObject({ error: { code: 109 } })
})
