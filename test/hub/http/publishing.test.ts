import { describe, expect } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { raw, stream, test } from '../serve.ts'

const post = (url: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers })

describe('publishing', () => {
  test('responds with 201 if the channel has subscribers, and with 202 if it has none', async ({ serve }) => {
    const { url } = await serve()
    expect((await post(`${url}a`, 'one')).status).toBe(202)
    const { next, leave } = await stream(`${url}a`)
    await next()
    expect((await post(`${url}a`, 'two')).status).toBe(201)
    expect(await next()).toMatch(/data: two$/)
    leave()
  })

  test('keeps type and event name, and responds with the state if the client accepts JSON', async ({ serve }) => {
    const { hub, url } = await serve({ startFrom: 'oldest' })
    const answer = await post(`${url}a`, '{}', {
      'content-type': 'application/json',
      'x-eventsource-event': 'price',
      accept: 'text/json',
    })
    expect(await answer.json()).toEqual({
      messages: 1,
      requested: -1,
      subscribers: 0,
      last_message_id: hub.cursor('a'),
    })
    const poll = await fetch(`${url}a?wait=0`)
    expect([poll.headers.get('content-type'), poll.headers.get('x-eventsource-event')]).toEqual([
      'application/json',
      'price',
    ])
  })

  test('responds with 413 to a message above the limit, with a Content-Length or without', async ({ serve }) => {
    const { url, port } = await serve({ maxMessageBytes: 10 })
    expect((await post(`${url}a`, 'more than ten bytes')).status).toBe(413)
    const chunked = `POST /push/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`
    expect(await raw(port, chunked)).toMatch(
      /^HTTP\/1\.1 413 [\s\S]*larger than `maxMessageBytes`, 10\. Send less\.\n$/,
    )
  })

  test.for([
    ['an event name of the hub’s own', { 'x-eventsource-event': 'push.end' }, 400, /start with "push\."/],
    ['an event name that is too long', { 'x-eventsource-event': 'x'.repeat(256) }, 400, /255/],
  ] as const)('rejects %s', async ([, headers, status, line], { serve }) => {
    const { url } = await serve()
    const answer = await post(`${url}a`, 'x', headers)
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringMatching(line)])
  })

  test('by `hub.publish` throws before anything is kept', () => {
    const hub = createHub()
    const attempts: [() => unknown, string][] = [
      [() => hub.publish('', 'x'), 'invalid-channel'],
      [() => hub.publish('a\n', 'x'), 'invalid-channel'],
      [() => hub.publish('a', 'x', { contentType: 'text/plain\r\nx: y' }), 'invalid-content-type'],
      [() => hub.publish('a', 'x', { event: 'ü' }), 'invalid-event'],
      [() => hub.publish('a', 'x', { event: ' padded' }), 'invalid-event'],
      [() => hub.publish('a', 'x', { event: 'push.gap' }), 'invalid-event'],
      [() => hub.publish('a', { price: 1 } as never), 'invalid-body'],
      [() => hub.publish('a', new Uint8Array(3_000_000)), 'too-large'],
    ]
    for (const [attempt, code] of attempts) expect(attempt).toThrow(expect.objectContaining({ code }))
    expect(hub.state('a')).toBeUndefined()
    hub.close()
  })
})

describe('a channel’s state', () => {
  test('is sent as JSON, or 404 if there is none', async ({ serve }) => {
    const { hub, url } = await serve()
    const ask = () => fetch(`${url}a`, { headers: { accept: 'text/json' } })
    expect((await ask()).status).toBe(404)
    const { id } = hub.publish('a', 'one')
    const answer = await ask()
    expect(await answer.json()).toEqual({ messages: 1, requested: -1, subscribers: 0, last_message_id: id })
  })

  test('is deleted with DELETE', async ({ serve }) => {
    const { hub, url } = await serve()
    hub.publish('a', 'one')
    const remove = () => fetch(`${url}a`, { method: 'DELETE' })
    expect([(await remove()).status, (await remove()).status]).toEqual([200, 404])
  })
})
