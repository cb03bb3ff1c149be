import { Socket, type Channel } from 'phoenix'
import { WebSocket } from 'ws'
import { expect, onTestFinished, test } from 'vitest'
import { waitFor } from '../wait-for.ts'
import { startPhoenix } from './phoenix-server.ts'

// The official client connects to the server of the tests, so that it behaves as the servers that it knows.

async function start() {
  const server = await startPhoenix()
  onTestFinished(server.close)
  const socket = new Socket(`ws://127.0.0.1:${server.port}/socket`, {
    transport: WebSocket,
    reconnectAfterMs: () => 10,
  })
  onTestFinished(() => socket.disconnect())
  socket.connect()
  return { server, socket }
}

/** Joins a channel. Resolves with the status of the reply. */
const joined = (channel: Channel) =>
  new Promise((resolve) => {
    channel
      .join()
      .receive('ok', () => resolve('ok'))
      .receive('error', (response: unknown) => resolve(response))
  })

test('the official client joins, receives, pushes and leaves', async () => {
  const { server, socket } = await start()
  const channel = socket.channel('room:a')
  const received: unknown[] = []
  channel.on('message', (payload: unknown) => void received.push(payload))
  expect(await joined(channel)).toBe('ok')
  await server.publish('room:a', { data: 'one' })
  await waitFor(() => expect(received).toEqual([{ text: 'one', at: 0 }]))
  const reply = await new Promise((resolve) => channel.push('message', 'two' as never).receive('ok', resolve))
  expect(reply).toEqual({ accepted: 'two' })
  channel.leave()
  await waitFor(async () => expect((await server.stats('room:a')).subscribers).toBe(0))
})

test('the official client is rejected, and joins again after a crash and a restart', async () => {
  const { server, socket } = await start()
  expect(await joined(socket.channel('denied'))).toEqual({ reason: 'not a member' })
  const channel = socket.channel('room:a')
  const received: unknown[] = []
  channel.on('message', (payload: unknown) => void received.push(payload))
  expect(await joined(channel)).toBe('ok')
  server.crash('room:a')
  await waitFor(async () => expect((await server.stats('room:a')).subscribers).toBe(1))
  await server.restart()
  await waitFor(async () => expect((await server.stats('room:a')).subscribers).toBe(1))
  await server.publish('room:a', { data: 'two' })
  await waitFor(() => expect(received).toEqual([{ text: 'two', at: 0 }]))
})
