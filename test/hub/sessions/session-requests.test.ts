import { describe, expect } from 'vitest'
import { test } from '../serve.ts'
import { place, stream } from '../serve.ts'
import { frameOf, heads } from './session-client.ts'

const cursor = expect.stringMatching(/^\d+:\d+\.[\da-f]{12}$/)

const post = (url: string, session: unknown, frame: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${url}?session=${String(session)}`, {
    method: 'POST',
    body: frame as BodyInit,
    headers: { 'content-type': typeof frame === 'string' ? 'text/plain' : 'application/octet-stream', ...headers },
  })

/** Polls a session once, from the cursor of a response. */
async function poll(url: string, after?: Response) {
  const response = await fetch(`${url}?wait=0${after ? `&last_event_id=${encodeURIComponent(place(after))}` : ''}`)
  return { response, heads: response.status === 200 ? heads(await response.text()) : [] }
}

describe('a session by Server-Sent Events', () => {
  test('gets frames as messages, and sends by POST', async ({ serve }) => {
    const { url, hub } = await serve()
    const { response, next, leave } = await stream(url)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(await next()).toBe('event: push.open\ndata: {"heartbeat":15,"gaps":true}')
    const read = async () => heads(((await next()) ?? '').replace(/^id: .*\ndata: /, '').replaceAll('\ndata: ', '\n'))
    const [hello] = await read()
    const posted = await post(
      url,
      hello?.['session'],
      frameOf([
        { subscribe: 'a', id: 1 },
        { subscribe: 'b', id: 2 },
      ]),
    )
    expect([posted.status, await posted.text()]).toEqual([204, ''])
    expect(await read()).toEqual([
      { ok: 1, cursor },
      { ok: 2, cursor },
    ])
    hub.publish('a', 'one\ntwo')
    hub.publish('b', Uint8Array.of(0, 255))
    expect(await read()).toEqual([
      { message: 'a', cursor, body: 'one\ntwo' },
      { message: 'b', cursor, base64: true, body: 'AP8=' },
    ])
    leave()
    await expect.poll(() => hub.state('a')?.subscribers).toBe(0)
    expect((await post(url, hello?.['session'], '[]')).status).toBe(404)
  })

  test('publishes bytes that are posted', async ({ serve }) => {
    const { url, hub } = await serve()
    const { next } = await stream(url)
    await next()
    const [hello] = heads(((await next()) ?? '').replace(/^id: .*\ndata: /, ''))
    const frame = Buffer.concat([Buffer.from('[{"publish":"a","id":1,"length":3}]\n'), Buffer.of(0, 255, 13)])
    expect((await post(url, hello?.['session'], frame)).status).toBe(204)
    expect(hub.state('a')?.messages).toBe(1)
  })
})

describe('a session by polls', () => {
  test('repeats a response that did not arrive, and ends with 410', async ({ serve }) => {
    const { url, hub } = await serve()
    const first = await poll(url)
    expect(first.heads).toMatchObject([{ session: expect.stringMatching(/^[\da-f]{32}$/) }])
    const session = first.heads[0]?.['session']
    await post(url, session, frameOf([{ subscribe: 'a', id: 1 }]))
    const second = await poll(url, first.response)
    expect(second.heads).toEqual([{ ok: 1, cursor }])
    hub.publish('a', '1')
    const again = await poll(url, first.response)
    expect(again.heads).toEqual(second.heads)
    const third = await poll(url, again.response)
    expect(third.heads).toEqual([{ message: 'a', cursor, body: '1' }])
    const fourth = await poll(url, third.response)
    expect(fourth.response.status).toBe(304)
    expect(place(fourth.response)).toBe(place(third.response))
    expect((await poll(url, first.response)).response.status).toBe(410)
  })

  test('a long poll waits for a message, and gets all of one turn', async ({ serve }) => {
    const { url, hub } = await serve()
    const first = await fetch(url)
    const [hello] = heads(await first.text())
    await post(url, hello?.['session'], frameOf([{ subscribe: 'a', id: 1 }]))
    const second = await fetch(url, { headers: { 'last-event-id': place(first) } })
    expect(heads(await second.text())).toEqual([{ ok: 1, cursor }])
    const third = fetch(url, { headers: { 'last-event-id': place(second) } })
    await expect.poll(() => hub.state('a')?.subscribers).toBe(1)
    hub.publish('a', '1')
    hub.publish('a', '2')
    const bodies = heads(await (await third).text()).map(({ body }) => body)
    expect(bodies.length).toBeGreaterThan(0)
    expect(bodies).toEqual(['1', '2'].slice(0, bodies.length))
  })

  test('counts as a connection', async ({ serve }) => {
    const { url } = await serve({ maxConnectionsPerAddress: 2 })
    await poll(url)
    expect((await poll(url)).response.status).toBe(429)
  })
})

describe('the URL of sessions', () => {
  test.for([
    ['a POST without a session', 'POST', '', {}, 404],
    ['a POST to an unknown session', 'POST', '?session=abc', {}, 404],
    ['a DELETE', 'DELETE', '', {}, 405],
    ['a request for its state', 'GET', '', { accept: 'application/json' }, 406],
    ['a poll of an unknown session', 'GET', '?last_event_id=1%3A1.abc', {}, 410],
    ['a poll with a cursor of no form', 'GET', '?last_event_id=x', {}, 400],
    ['a page of another origin', 'GET', '', { origin: 'https://evil.example' }, 403],
  ] as const)('rejects %s', async ([, method, query, headers, status], { serve }) => {
    const { url } = await serve()
    const response = await fetch(url + query, { method, headers })
    expect(response.status).toBe(status)
    expect(await response.text()).toMatch(/^[A-Z].*\.\n$/)
  })

  test('a frame that is not valid gets a 400', async ({ serve }) => {
    const { url, hub } = await serve()
    const { heads: hello } = await poll(url)
    const response = await post(url, hello[0]?.['session'], '[{"publish":"a","id":1,"length":9}]\nx')
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(/^Invalid frame: /)])
    expect(hub.state('a')).toBeUndefined()
  })
})
