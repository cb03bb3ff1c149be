import { describe, expect } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { raw, stream, test } from './serve.ts'

const post = (url: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers })

describe('publishing', () => {
  test('answers 202 where nobody listens and 201 where somebody does', async ({ serve }) => {
    const { url } = await serve()
    expect((await post(`${url}a`, 'one')).status).toBe(202)
    const { next, leave } = await stream(`${url}a`)
    await next()
    expect((await post(`${url}a`, 'two')).status).toBe(201)
    expect(await next()).toMatch(/data: two$/)
    leave()
  })

  test('keeps type and event name, and answers with the state where JSON is asked for', async ({ serve }) => {
    const { hub, url } = await serve({ firstMessage: 'oldest' })
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

  test('answers 413 to a message over the limit, told beforehand or not', async ({ serve }) => {
    const { url, port } = await serve({ maxMessageBytes: 10 })
    expect((await post(`${url}a`, 'more than ten bytes')).status).toBe(413)
    const chunked = `POST /push/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`
    expect(await raw(port, chunked)).toMatch(/^HTTP\/1\.1 413 [\s\S]*a message may have 10 bytes\n$/)
  })

  test.for([
    ['an event name of the hub’s own', { 'x-eventsource-event': 'push.end' }, 400, /begin with push\./],
    ['an event name that is too long', { 'x-eventsource-event': 'x'.repeat(256) }, 400, /255/],
  ] as const)('refuses %s', async ([, headers, status, line], { serve }) => {
    const { url } = await serve()
    const answer = await post(`${url}a`, 'x', headers)
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringMatching(line)])
  })

  test('by function throws what is wrong, before anything is kept', () => {
    const hub = createHub()
    const attempts: [() => unknown, string][] = [
      [() => hub.publish('', 'x'), 'invalid-channel'],
      [() => hub.publish('a\n', 'x'), 'invalid-channel'],
      [() => hub.publish('a', 'x', { contentType: 'text/plain\r\nx: y' }), 'invalid-content-type'],
      [() => hub.publish('a', 'x', { event: 'ü' }), 'invalid-event'],
      [() => hub.publish('a', new Uint8Array(3_000_000)), 'too-large'],
    ]
    for (const [attempt, code] of attempts) expect(attempt).toThrow(expect.objectContaining({ code }))
    expect(hub.state('a')).toBeUndefined()
    hub.close()
  })
})

describe('a channel’s state', () => {
  test('is told as JSON, and 404 where there is none', async ({ serve }) => {
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

describe('wrong input', () => {
  test.for([
    ['GET', 'a?last_event_id=nonsense', 400, /nonsense.*<unix seconds>:<counter>/],
    ['GET', '', 400, /1 to 255/],
    ['GET', 'x'.repeat(256), 400, /1 to 255/],
    ['GET', 'a%0Ab', 400, /control/],
    ['GET', '%ff', 400, /percent/],
    ['PUT', 'a', 405, /PUT/],
    ['PATCH', 'a', 405, /PATCH/],
  ] as const)('%s %s is answered %i with one line', async ([method, path, status, line], { serve }) => {
    const { url } = await serve()
    const answer = await fetch(`${url}${path}`, { method })
    const body = await answer.text()
    expect([answer.status, body]).toEqual([status, expect.stringMatching(line)])
    expect(body.trimEnd()).not.toContain('\n')
  })

  test('elsewhere than under its path is not the hub’s', async ({ serve }) => {
    const { url } = await serve()
    expect((await fetch(new URL('/other', url))).status).toBe(404)
  })

  test.for([[{ heartbeat: 0 }], [{ history: { count: -1 } }], [{ path: 'push' }]] as const)(
    'createHub refuses %o',
    ([options]) => {
      expect(() => createHub(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
    },
  )
})

describe('strangers', () => {
  test('are refused by Host, so that no name can be rebound to this machine', async ({ serve }) => {
    const { port } = await serve({ hosts: ['push.example'] })
    const ask = (host: string) => raw(port, `GET /push/a?wait=0 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    expect(await ask('evil.example')).toMatch(/^HTTP\/1\.1 403/)
    expect(await ask('push.example:80')).toMatch(/^HTTP\/1\.1 304/)
    expect(await ask(`localhost:${port}`)).toMatch(/^HTTP\/1\.1 304/)
  })

  test('cannot publish, delete or connect from a page of another origin', async ({ serve, frames }) => {
    const { hub, url } = await serve({ origins: ['https://app.example'] })
    hub.publish('a', 'one')
    const from = (origin: string) => ({ origin })
    for (const method of ['POST', 'DELETE']) {
      const refused = await fetch(`${url}a`, { method, headers: from('https://evil.example') })
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('https://evil.example')])
    }
    expect((await frames(`${url}a`, from('https://evil.example')).closed).code).toBe(1_006)
    expect((await fetch(`${url}a`, { method: 'POST', body: 'x', headers: from('https://app.example') })).status).toBe(
      202,
    )
    expect((await fetch(`${url}a`, { method: 'POST', body: 'x', headers: from(new URL(url).origin) })).status).toBe(202)
  })

  test('cannot read across origins unless they are named', async ({ serve }) => {
    const { url } = await serve({ origins: ['https://app.example'] })
    const allowed = async (origin: string) =>
      (await fetch(`${url}a?wait=0`, { headers: { origin } })).headers.get('access-control-allow-origin')
    expect([
      await allowed('https://app.example'),
      await allowed('https://evil.example'),
      await allowed('null'),
    ]).toEqual(['https://app.example', null, null])
    const preflight = await fetch(`${url}a`, { method: 'OPTIONS', headers: { origin: 'https://app.example' } })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('Last-Event-ID'),
    ])
  })

  test('a hub binds loopback only', async () => {
    const hub = createHub()
    await expect(hub.listen({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'not-loopback' })
    hub.close()
  })
})
