import { describe, expect, vi } from 'vitest'
import type { Authorize, Receive } from 'pinia-push/hub'
import { callerOf } from '../../../src/hub/http/idempotency-key.ts'
import { raw, stream, test } from '../serve.ts'

const KEY = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'

const post = (url: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'idempotency-key': KEY, 'content-type': 'text/plain', ...headers } })

const outcome = async (response: Response) => [response.status, await response.text()]

describe('a POST with an Idempotency-Key', () => {
  test('publishes once, and a repetition gets the response of the first', async ({ serve }) => {
    const { hub, url } = await serve()
    const first = await outcome(await post(`${url}a`, 'x'))
    expect(first).toEqual([202, 'Published to 0 subscribers.\n'])
    // The channel has a subscriber now, which is not what the first request was told.
    const { leave } = await stream(`${url}a`)
    expect(await outcome(await post(`${url}a`, 'x'))).toEqual(first)
    expect(hub.state('a')?.messages).toBe(1)
    leave()
  })

  test('publishes each message of a caller that draws a key for each', async ({ serve }) => {
    const { hub, url } = await serve()
    for (const key of ['"1"', '"2"', '"a \\" b"', '"a \\\\ b"']) await post(`${url}a`, 'x', { 'idempotency-key': key })
    for (let n = 0; n < 2; n += 1) await fetch(`${url}a`, { method: 'POST', body: 'x' })
    expect(hub.state('a')?.messages).toBe(6)
  })

  test('gets the outcome also where it was a rejection', async ({ serve }) => {
    const { url } = await serve()
    const wrong = { 'x-eventsource-event': 'push.end' }
    const first = await outcome(await post(`${url}a`, 'x', wrong))
    expect(first[0]).toBe(400)
    expect(await outcome(await post(`${url}a`, 'x', wrong))).toEqual(first)
    expect((await post(`${url}a`, 'x')).status).toBe(422)
  })

  test.for<[string, string, string, Record<string, string>]>([
    ['another body', 'a', 'y', {}],
    ['another channel', 'b', 'x', {}],
    ['another type', 'a', 'x', { 'content-type': 'text/html' }],
    ['another event', 'a', 'x', { 'x-eventsource-event': 'price' }],
  ])('is rejected with 422 for %s', async ([, channel, body, headers], { serve }) => {
    const { hub, url } = await serve()
    await post(`${url}a`, 'x')
    expect(await outcome(await post(url + channel, body, headers))).toEqual([
      422,
      expect.stringMatching(/^Idempotency-Key used before .*\. Draw another key\.\n$/),
    ])
    expect([hub.state('a')?.messages, hub.state('b')]).toEqual([1, undefined])
    expect((await post(`${url}a`, 'x')).status).toBe(202)
  })

  test.for<[string, string]>([
    ['no quotes', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['nothing in its quotes', '""'],
    ['more than 255 characters', `"${'k'.repeat(256)}"`],
    ['an end in the middle', '"a"b"'],
    ['an escape that a string does not have', '"a\\n"'],
    ['a parameter', '"a";b=1'],
    ['two keys', '"a", "b"'],
    ['text that is not ASCII', '"\u00e9"'],
  ])('with %s is rejected with 400, before `authorize`', async ([, key], { serve }) => {
    const authorize = vi.fn<Authorize>(() => true)
    const { hub, url } = await serve({ authorize })
    expect(await outcome(await post(`${url}a`, 'x', { 'idempotency-key': key }))).toEqual([
      400,
      expect.stringMatching(/^Invalid Idempotency-Key: .* in quotes\.\n$/),
    ])
    expect(hub.state('a')).toBeUndefined()
    expect(authorize).not.toHaveBeenCalled()
  })

  test('twice is rejected with 400', async ({ serve }) => {
    const { port } = await serve()
    const request = `POST /push/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\nIdempotency-Key: "a"\r\nIdempotency-Key: "a"\r\n\r\nx`
    expect(await raw(port, request)).toMatch(/^HTTP\/1\.1 400 /)
  })

  test.for<[string, Record<string, string>, string]>([
    ['Authorization', { authorization: 'Bearer other' }, ''],
    ['cookies', { cookie: 'session=other' }, ''],
    ['query', {}, '?token=other'],
    ['address', { 'x-forwarded-for': '192.0.2.2' }, ''],
  ])('of a client with another %s is another key', async ([, headers, query], { serve }) => {
    const { hub, url } = await serve({ trustedProxies: ['127.0.0.1'] })
    await post(`${url}a`, 'x')
    expect((await post(`${url}a${query}`, 'y', headers)).status).toBe(202)
    expect(hub.state('a')?.messages).toBe(2)
    // Each of both has its own outcome.
    expect((await post(`${url}a${query}`, 'x', headers)).status).toBe(422)
    expect((await post(`${url}a`, 'x')).status).toBe(202)
  })

  test('cannot be read by a session, which names itself with up to 64 characters', () => {
    const client = { headers: {}, clientIp: '', limitKey: '', crossOrigin: undefined }
    expect(callerOf(client, new URLSearchParams()).length).toBeGreaterThan(64)
  })

  test('asks `authorize` for each repetition, and a rejection there is no outcome', async ({ serve }) => {
    let allows = false
    const authorize = vi.fn<Authorize>(() => allows)
    const { hub, url } = await serve({ authorize })
    expect((await post(`${url}a`, 'x')).status).toBe(403)
    allows = true
    expect((await post(`${url}a`, 'x')).status).toBe(202)
    expect((await post(`${url}a`, 'x')).status).toBe(202)
    allows = false
    expect((await post(`${url}a`, 'x')).status).toBe(403)
    expect(authorize).toHaveBeenCalledTimes(4)
    expect(hub.state('a')?.messages).toBe(1)
  })

  test('may try again after a rejection for now, and after a body that is too large', async ({ serve }) => {
    const { hub, url } = await serve({ maxChannels: 1, maxMessageBytes: 10 })
    hub.publish('full', 'x')
    const busy = await post(`${url}a`, 'x')
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '5'])
    hub.delete('full')
    expect((await post(`${url}a`, 'x'.repeat(11))).status).toBe(413)
    expect((await post(`${url}a`, 'x')).status).toBe(202)
    expect(hub.state('a')?.messages).toBe(1)
  })

  test('is forgotten ten minutes after the last one of its caller', async ({ serve }) => {
    let time = 1e12
    const { hub, url } = await serve({ now: () => time, heartbeat: 20, history: { age: 1e7 } })
    await post(`${url}a`, 'x')
    time += 599_999
    await post(`${url}a`, 'x')
    expect(hub.state('a')?.messages).toBe(1)
    time += 600_000
    // The hub forgets with its next heartbeat.
    const { next, leave } = await stream(`${url}b`)
    while (!(await next())?.includes('push.ping'));
    leave()
    await post(`${url}a`, 'x')
    expect(hub.state('a')?.messages).toBe(2)
  })

  test('gets the present state of the channel if it accepts JSON, and null if that is gone', async ({ serve }) => {
    const { hub, url } = await serve()
    const json = { accept: 'application/json' }
    expect(await (await post(`${url}a`, 'x', json)).json()).toMatchObject({ messages: 1 })
    hub.publish('a', 'y')
    expect(await (await post(`${url}a`, 'x', json)).json()).toMatchObject({ messages: 2 })
    hub.delete('a')
    const gone = await post(`${url}a`, 'x', json)
    expect([gone.status, await gone.json()]).toEqual([202, null])
  })

  test('waits for the first one while that is pending, and for nothing else', async ({ serve }) => {
    let finish = (_reply: unknown) => {}
    let received = () => {}
    const isReceived = new Promise<void>((resolve) => (received = resolve))
    const receive = vi.fn<Receive>(() => {
      received()
      return new Promise((resolve) => (finish = resolve))
    })
    const { hub, url } = await serve({ receive })
    const first = post(`${url}a`, 'x')
    await isReceived
    const second = post(`${url}a`, 'x')
    expect((await post(`${url}a`, 'y')).status).toBe(422)
    // It arrived after the second one.
    expect(receive).toHaveBeenCalledTimes(1)
    finish({ id: 7 })
    for (const response of await Promise.all([first, second])) {
      expect([response.status, response.headers.get('content-type')]).toEqual([202, 'application/json'])
      expect(await response.json()).toEqual({ id: 7 })
    }
    expect([hub.state('a')?.messages, receive.mock.calls.length]).toEqual([1, 1])
  })

  test('may come from a page of an allowed origin', async ({ serve }) => {
    const { url } = await serve({ allowedOrigins: ['https://app.example'] })
    const preflight = await fetch(`${url}a`, { method: 'OPTIONS', headers: { origin: 'https://app.example' } })
    expect(preflight.headers.get('access-control-allow-headers')?.split(', ')).toContain('Idempotency-Key')
  })
})
