import { expect, test } from 'vitest'
import { PushError, createPushClient, type PushErrorCode } from 'pinia-push/observables'
import { createTestingClient, type TestingOptions } from 'pinia-push/testing'

const A = 'https://a.example/x/'
const B = 'https://b.example'
const C = 'wss://c.example'

/** A client of three servers, that reads one channel. */
function reading(options: TestingOptions = {}, url = '/news') {
  const client = createTestingClient({ baseUrl: [A, B, C], ...options })
  const channel = client.push.channel(url)
  const subscription = channel.events$.subscribe()
  const asked = () => client.technique.connections.map(({ request }) => new URL(request.url).host[0])
  /** Breaks the connection so, and lets the next attempt come. */
  const fails = (code: PushErrorCode) => {
    client.technique.latest.drop(new PushError(code, 'broken'))
    client.time.advance(60_000)
  }
  return { ...client, channel, asked, fails, leave: () => subscription.unsubscribe() }
}

test.each(['network-error', 'connect-timeout', 'unavailable', 'heartbeat-timeout', 'connection-lost'] as const)(
  'moves to the next `baseUrl` after %s, in a circle',
  (code) => {
    // Nothing opens in this test but by its word.
    const { asked, fails, leave } = reading({ connectTimeout: 1e9 })
    for (let n = 0; n < 3; n += 1) fails(code)
    expect(asked()).toEqual(['a', 'b', 'c', 'a'])
    leave()
  },
)

test.each(['cursor-lost', 'unexpected-response', 'prepare-failed'] as const)(
  'stays with a server that responds, even with %s',
  (code) => {
    const { asked, fails, leave } = reading({ connectTimeout: 1e9 })
    fails(code)
    expect(asked()).toEqual(['a', 'a'])
    leave()
  },
)

test('stays with a server that works after a stable connection is lost, and moves with the cursor', () => {
  const { technique, time, asked, fails, leave } = reading({ connectTimeout: 1e9 })
  fails('network-error')
  technique.latest.open({ heartbeat: 1e9 })
  technique.latest.message(1)
  time.advance(10_000)
  fails('connection-lost')
  expect(asked()).toEqual(['a', 'b', 'b'])
  fails('connection-lost')
  expect(asked()).toEqual(['a', 'b', 'b', 'c'])
  expect(technique.latest.request.cursor?.value).toBe('c1')
  leave()
})

test('one channel moves all channels, and several failures at once move them only once', () => {
  const { push, technique, time, asked, leave } = reading({ connectTimeout: 1e9 })
  const other = push.channel('/other').events$.subscribe()
  for (const connection of technique.connections) connection.drop(new PushError('network-error', 'down'))
  time.advance(60_000)
  const third = push.channel('/third').events$.subscribe()
  expect(asked()).toEqual(['a', 'a', 'b', 'b', 'b'])
  for (const reader of [other, third]) reader.unsubscribe()
  leave()
})

test('a channel has its URL at the first `baseUrl` wherever it is connected, and `prepareRequest` gets the real one', () => {
  const prepared: string[] = []
  const prepareRequest = ({ url }: { url: string }) => void prepared.push(url)
  const { channel, push, technique, fails, leave } = reading({ connectTimeout: 1e9, prepareRequest })
  fails('network-error')
  fails('network-error')
  expect(channel.url).toBe('https://a.example/news')
  expect(push.channel('https://a.example/news')).toBe(channel)
  expect(prepared).toEqual(['https://a.example/news', 'https://b.example/news', 'https://c.example/news'])
  expect(technique.latest.request.url).toBe('https://c.example/news')
  leave()
})

test('an absolute URL has one server, and does not move the others', () => {
  const { push, asked, fails, leave } = reading({ connectTimeout: 1e9 }, 'https://z.example/news')
  fails('network-error')
  const other = push.channel('/other').events$.subscribe()
  expect(asked()).toEqual(['z', 'z', 'a'])
  other.unsubscribe()
  leave()
})

test.each([
  [[], 'invalid-option'],
  [[A, 'nonsense'], 'invalid-url'],
  [[A, 'ftp://b.example'], 'invalid-url'],
  ['/relative', 'invalid-url'],
] as const)('rejects %o: %s', (baseUrl, code) => {
  expect(() => createPushClient({ baseUrl })).toThrow(expect.objectContaining({ code }))
})

test.each([
  'https://user:secret@a.example/news?token=secret#secret',
  'https://user@a.example/news',
  '//user:secret@a.example/news',
  'wss://user:secret@a.example/news',
])('a URL with a user name or password is rejected at once, and shown without them: %s', (url) => {
  const { push } = createTestingClient({ baseUrl: A })
  expect(() => push.channel(url)).toThrow(expect.objectContaining({ code: 'invalid-url', retryable: false }))
  expect(() => createPushClient({ baseUrl: url.replace(/^\/\//, 'https://') })).toThrow(
    expect.objectContaining({ code: 'invalid-url' }),
  )
  expect(() => push.channel(url)).toThrow(/a\.example\/news/)
  expect(() => push.channel(url)).not.toThrow(/secret|user@/)
})

test.each(['ftp://user:secret@a.example/?token=secret', 'http://user:secret@[/'])(
  'an error shows no secret of an invalid URL: %s',
  (url) => {
    const { push } = createTestingClient({ baseUrl: A })
    expect(() => push.channel(url)).toThrow(expect.objectContaining({ code: 'invalid-url' }))
    expect(() => push.channel(url)).not.toThrow(/secret/)
  },
)

test('a fragment is not part of a channel', () => {
  const { push } = createTestingClient({ baseUrl: A, disconnectDelay: 0 })
  expect(push.channel('/news#one').url).toBe('https://a.example/news')
})
