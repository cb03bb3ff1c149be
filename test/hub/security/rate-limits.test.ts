import { describe, expect } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { events, stream, test } from '../serve.ts'

const retryAfter = (answer: Response) => answer.headers.get('retry-after')
const ask = (url: string, origin?: string) =>
  fetch(url, { headers: { accept: 'text/event-stream', ...(origin && { origin }) } })

describe('limits', () => {
  test('connections in all: another one is rejected with Retry-After, until one has left', async ({ serve }) => {
    const { hub, url } = await serve({ maxConnections: 2 })
    const [first] = [await stream(`${url}a`), await stream(`${url}a`)]
    const third = await ask(`${url}a`)
    expect([third.status, retryAfter(third), await third.text()]).toEqual([
      503,
      '1',
      expect.stringContaining('Too many connections: the hub has 2.'),
    ])
    first?.leave()
    while (hub.state('a')?.subscribers !== 1) await new Promise(setImmediate)
    const { leave, response } = await stream(`${url}a`)
    expect(response.status).toBe(200)
    leave()
  })

  test('connections of one address, WebSockets among them; another address has its own', async ({ serve, frames }) => {
    const { url } = await serve({
      maxConnectionsPerAddress: 1,
      clientIp: ({ headers }) => String(headers['x-forwarded-for']),
    })
    await frames(`${url}a`, { 'x-forwarded-for': 'one' }).next()
    const from = (address: string) => fetch(`${url}a?wait=0`, { headers: { 'x-forwarded-for': address } })
    expect([(await from('one')).status, (await from('two')).status]).toEqual([429, 304])
    expect((await frames(`${url}a`, { 'x-forwarded-for': 'one' }).closed).code).toBe(1_006)
  })

  test('the rate of publishing of one address, by POST', async ({ serve }) => {
    let time = 1_000_000
    const { hub, url } = await serve({ maxPublishRate: 2, now: () => time })
    const publish = async () => {
      const answer = await fetch(`${url}a`, { method: 'POST', body: 'x' })
      return [answer.status, retryAfter(answer)]
    }
    expect([await publish(), await publish(), await publish()]).toEqual([
      [202, null],
      [202, null],
      [429, '1'],
    ])
    time += 500
    expect([await publish(), await publish()]).toEqual([
      [202, null],
      [429, '1'],
    ])
    // The app itself publishes as it likes.
    for (let n = 0; n < 10; n += 1) hub.publish('a', 'x')
    expect(hub.state('a')?.messages).toBe(13)
  })

  test('the rate of publishing by WebSocket: it is closed with 1013', async ({ serve, frames }) => {
    const { url } = await serve({ maxPublishRate: 2, now: () => 1_000_000 })
    const { socket, next, closed } = frames(`${url}a`)
    await next()
    for (let n = 0; n < 3; n += 1) socket.send('x')
    expect(await closed).toEqual({
      code: 1_013,
      reason: 'Message not published: an address may publish 2 messages per second. Send fewer.',
    })
  })

  test('channels: a publication to another one is rejected, a subscription is not, with every technique', async ({
    serve,
    frames,
  }) => {
    const { hub, url } = await serve({ maxChannels: 1 })
    hub.publish('a', 'x')
    const refused = await fetch(`${url}b`, { method: 'POST', body: 'x' })
    expect([refused.status, retryAfter(refused), await refused.text()]).toEqual([
      503,
      '5',
      expect.stringContaining('1 channels'),
    ])
    for (const accept of ['text/event-stream', 'multipart/mixed']) {
      const { response, leave } = await stream(`${url}b`, { accept })
      expect(response.status).toBe(200)
      leave()
    }
    expect((await fetch(`${url}b?wait=0`)).status).toBe(304)
    const { socket, next, closed } = frames(`${url}b`)
    await next()
    socket.send('x')
    expect(await closed).toEqual({ code: 1_013, reason: expect.stringContaining('1 channels') })
    expect(() => hub.publish('b', 'x')).toThrow(expect.objectContaining({ code: 'too-many-channels' }))
    expect(hub.delete('a')).toBe(true)
    expect((await fetch(`${url}b`, { method: 'POST', body: 'x' })).status).toBe(202)
  })

  test('history of all channels together: the oldest messages are dropped, and a gap follows', async ({ serve }) => {
    const { hub, url } = await serve({ maxHistoryBytes: 1_500 })
    const { id } = hub.publish('old', 'x'.repeat(400))
    hub.publish('old', 'y'.repeat(400))
    hub.publish('new', 'z'.repeat(400))
    expect([hub.state('old')?.messages, hub.state('new')?.messages]).toEqual([1, 1])
    hub.publish('new', 'z'.repeat(900))
    expect([hub.state('old')?.messages, hub.state('new')?.messages]).toEqual([0, 1])
    const { response } = await stream(`${url}old?last_event_id=${encodeURIComponent(id)}`)
    const read = events(response)
    await read.next()
    expect((await read.next()).value).toContain('push.gap')
  })

  test.for(['maxConnections', 'maxConnectionsPerAddress', 'maxPublishRate', 'maxChannels', 'maxHistoryBytes'])(
    '%s must be above 0',
    (option) => {
      expect(() => createHub({ [option]: 0 })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
    },
  )
})
