import Echo from 'laravel-echo'
import Pusher from 'pusher-js'
import { expect, onTestFinished, test } from 'vitest'
import { waitFor } from '../wait-for.ts'
import { KEY, startPusher } from './pusher-server.ts'

// The official clients connect to the server of the tests, so that it behaves as the servers that they know.

async function start() {
  const server = await startPusher()
  onTestFinished(server.close)
  const options = {
    cluster: '',
    wsHost: '127.0.0.1',
    wsPort: server.port,
    forceTLS: false,
    enabledTransports: ['ws' as const],
    channelAuthorization: { transport: 'ajax' as const, endpoint: `http://127.0.0.1:${server.port}/broadcasting/auth` },
  }
  const client = (key = KEY) => {
    const pusher = new Pusher(key, options)
    onTestFinished(() => pusher.disconnect())
    return pusher
  }
  return { server, options, client }
}

test('pusher-js connects, subscribes, receives and unsubscribes', async () => {
  const { server, client } = await start()
  const received: unknown[] = []
  const channel = client().subscribe('news')
  channel.bind('message', (data: unknown) => received.push(data))
  await waitFor(() => expect(channel.subscribed).toBe(true))
  await server.publish('news', { data: 'one' })
  await waitFor(() => expect(received).toEqual(['one']))
  channel.unsubscribe()
  await waitFor(async () => expect((await server.stats('news')).subscribers).toBe(0))
})

test('pusher-js has private channels signed, is rejected, and sends client events', async () => {
  const { client } = await start()
  const received: unknown[] = []
  const [one, other] = [client().subscribe('private-room'), client().subscribe('private-room')]
  other.bind('client-message', (data: unknown) => received.push(data))
  await waitFor(() => expect([one.subscribed, other.subscribed]).toEqual([true, true]))
  one.trigger('client-message', { text: 'hello' })
  await waitFor(() => expect(received).toEqual([{ text: 'hello' }]))
  const errors: unknown[] = []
  client()
    .subscribe('private-denied')
    .bind('pusher:subscription_error', (error: unknown) => errors.push(error))
  await waitFor(() => expect(errors).toMatchObject([{ status: 403 }]))
})

test('pusher-js reconnects after the server was restarted, and not for an unknown app', async () => {
  const { server, client } = await start()
  const pusher = client()
  const received: unknown[] = []
  pusher.subscribe('news').bind('message', (data: unknown) => received.push(data))
  await waitFor(() => expect(pusher.connection.state).toBe('connected'))
  await server.restart()
  await waitFor(async () => expect((await server.stats('news')).subscribers).toBe(1))
  await server.publish('news', { data: 'two' })
  await waitFor(() => expect(received).toEqual(['two']))
  const unknown = client('another-key')
  await waitFor(() => expect(unknown.connection.state).toBe('disconnected'))
})

test('Laravel Echo listens to events of a private channel', async () => {
  const { server, options } = await start()
  const echo = new Echo({ broadcaster: 'pusher', key: KEY, Pusher, ...options })
  onTestFinished(() => echo.disconnect())
  const received: unknown[] = []
  const subscribed: unknown[] = []
  echo
    .private('orders.7')
    .subscribed(() => subscribed.push(true))
    .listen('.shipped', (data: unknown) => received.push(data))
  await waitFor(() => expect(subscribed).toEqual([true]))
  await server.publish('private-orders.7', { event: 'shipped', data: 'parcel' })
  await waitFor(() => expect(received).toEqual(['parcel']))
})
