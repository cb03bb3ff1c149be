import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { backoff, createPushClient, defineChannel, pusher, webSocket, type PusherOptions } from 'pinia-push/observables'
import { readChannel } from '../../../conformance/fixtures.ts'
import { KEY, startPusher } from '../../../servers/pusher-server.ts'

const topic = defineChannel<unknown, string>({ topic: (name: string) => name })

/** Starts a server and a client, and reads a public topic. */
async function start(options: (url: string) => Partial<PusherOptions>) {
  const server = await startPusher()
  onTestFinished(server.close)
  const url = `http://127.0.0.1:${server.port}`
  const push = createPushClient({
    technique: webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket }),
    baseUrl: url,
    backend: pusher({ key: KEY, ...options(`${url}/broadcasting/auth`) }),
    retry: backoff({ initialDelay: 10, maxDelay: 50 }),
    warnings: false,
  })
  onTestFinished(() => push.close())
  const read = (name: string) => readChannel(push.channel(topic(name)))
  const other = read('public')
  await other.sees('open')
  return { read, other }
}

test('a topic whose `authHeaders` fails is tried again, and no other topic is affected', async () => {
  let token: string | undefined
  const { read, other } = await start((authEndpoint) => ({
    authEndpoint,
    authHeaders() {
      if (token === undefined) throw new Error('signed out')
      return { 'X-CSRF-TOKEN': token }
    },
  }))
  const reader = read('private-a')
  const { error } = await reader.sees('reconnecting')
  expect(error).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/"private-a".*signed out/) })
  token = 'x'
  await reader.sees('open')
  expect(other.count('reconnecting')).toBe(0)
})

test.for([undefined, null, 5, {}, { auth: 1 }])(
  '`authorize` that returns %j is an error of its topic',
  async (signature) => {
    const { read, other } = await start(() => ({ authorize: () => signature as never }))
    const { error } = await read('private-a').sees('reconnecting')
    expect(error).toMatchObject({ code: 'unexpected-response', message: expect.stringContaining('private-a') })
    expect(other.count('reconnecting')).toBe(0)
  },
)

test('a mistake in `authorize` fails its topic alone', async () => {
  const { read, other } = await start(() => ({ authorize: () => (undefined as never as { x: { y: never } }).x.y }))
  const { error } = await read('private-a').sees('failed')
  expect(error.code).toBe('exception')
  expect(other.count('failed')).toBe(0)
})
