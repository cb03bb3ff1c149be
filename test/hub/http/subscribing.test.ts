import { describe, expect } from 'vitest'
import { head, place, stream, test } from '../serve.ts'

describe('interval polling', () => {
  test('receives the current cursor at once, and then all later messages in one response', async ({ serve }) => {
    const { hub, url } = await serve()
    const first = await fetch(`${url}a?wait=0`)
    expect(first.status).toBe(304)
    expect(place(first)).toBe(hub.cursor('a'))
    const ids = ['one', 'two'].map((body) => hub.publish('a', body, { event: 'news' }).id)
    const answer = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(place(first))}`)
    expect(answer.headers.get('content-type')).toMatch(/^multipart\/mixed; boundary=[\da-f]{32}$/)
    expect(place(answer)).toBe(ids.at(-1))
    const body = await answer.text()
    expect(body.match(/X-EventSource-Event: news\r\n/g)).toHaveLength(2)
    expect(body).toMatch(/\r\n\r\none\r\n--[\s\S]*\r\n\r\ntwo\r\n--/)
    const again = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(place(answer))}`)
    expect({ status: again.status, place: place(again) }).toEqual({ status: 304, place: ids.at(-1) })
  })

  test('receives a single message unchanged, with its type and event name', async ({ serve }) => {
    const { hub, url } = await serve({ startFrom: 'oldest' })
    hub.publish('a', '{"a":1}', { contentType: 'application/json', event: 'price' })
    const answer = await fetch(`${url}a?wait=0`)
    expect(head(answer, 'content-type', 'x-eventsource-event', 'cache-control', 'push-heartbeat')).toEqual([
      'application/json',
      'price',
      'no-store',
      '15',
    ])
    expect(await answer.text()).toBe('{"a":1}')
  })

  test('receives a multipart message in an envelope', async ({ serve }) => {
    const { hub, url } = await serve({ startFrom: 'oldest' })
    hub.publish('a', '--x\r\n\r\nforged\r\n--x--', { contentType: 'multipart/mixed; boundary=x' })
    const answer = await fetch(`${url}a?wait=0`)
    expect(answer.headers.get('content-type')).not.toContain('boundary=x')
  })

  test('receives that more messages wait if a response ends at its limit', async ({ serve }) => {
    const { hub, url } = await serve({ startFrom: 'oldest', history: { count: 5_000 } })
    for (let n = 0; n < 1_500; n += 1) hub.publish('a', String(n))
    const answer = await fetch(`${url}a?wait=0`)
    expect(answer.headers.get('push-more')).toBe('1')
    const rest = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(place(answer))}`)
    expect(rest.headers.get('push-more')).toBeNull()
    expect((await rest.text()).match(/Etag/g)).toHaveLength(500)
  })
})

describe('long polling', () => {
  test('waits for a message after its cursor', async ({ serve }) => {
    const { hub, url } = await serve()
    const from = hub.cursor('a')
    const answer = fetch(`${url}a?last_event_id=${encodeURIComponent(from)}`)
    while ((hub.state('a')?.subscribers ?? 0) === 0) await new Promise(setImmediate)
    hub.publish('a', 'one')
    expect(await (await answer).text()).toBe('one')
    expect(hub.state('a')?.subscribers).toBe(0)
  })

  test('receives a 304 with its cursor when the heartbeat is due', async ({ serve }) => {
    const { hub, url } = await serve({ heartbeat: 50 })
    const from = hub.cursor('a')
    const answer = await fetch(`${url}a?last_event_id=${encodeURIComponent(from)}`)
    expect({ status: answer.status, place: place(answer) }).toEqual({ status: 304, place: from })
  })
})

describe('an event stream', () => {
  test('starts with its cursor and heartbeat, then sends each message', async ({ serve }) => {
    const { hub, url } = await serve({ heartbeat: 15_000 })
    const from = hub.cursor('a')
    const { next, response, leave } = await stream(`${url}a`)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(await next()).toBe(`id: ${from}\nevent: push.open\ndata: {"heartbeat":15,"gaps":true}`)
    const { id } = hub.publish('a', 'two\nlines', { event: 'news' })
    expect(await next()).toBe(`id: ${id}\nevent: news\ndata: two\ndata: lines`)
    leave()
  })

  test('encodes text that SSE cannot contain as JSON', async ({ serve }) => {
    const { hub, url } = await serve()
    const { next, leave } = await stream(`${url}a`)
    await next()
    hub.publish('a', 'carriage\rreturn', { event: 'news' })
    expect(await next()).toMatch(/event: push\.message\ndata: {"event":"news","text":"carriage\\rreturn"}$/)
    hub.publish('a', 'a\0b')
    expect(await next()).toMatch(/event: push\.message\ndata: {"text":"a\\u0000b"}$/)
    hub.publish('a', Uint8Array.of(0, 255))
    expect(await next()).toMatch(/event: push\.message\ndata: {"base64":"AP8="}$/)
    hub.publish('a', Uint8Array.of(255), { contentType: 'text/plain' })
    expect(await next()).toMatch(/data: {"base64":"\/w=="}$/)
    leave()
  })

  test('sends heartbeats that a page can receive', async ({ serve }) => {
    const { hub, url } = await serve({ heartbeat: 50 })
    const { next, leave } = await stream(`${url}a`)
    await next()
    expect(await next()).toBe(`id: ${hub.cursor('a')}\nevent: push.ping\ndata: 1`)
    leave()
  })

  test('leaves nothing behind when its client leaves', async ({ serve }) => {
    const { hub, url } = await serve()
    const { next, leave } = await stream(`${url}a`)
    await next()
    expect(hub.state('a')?.subscribers).toBe(1)
    leave()
    while (hub.state('a')) await new Promise(setImmediate)
  })
})

describe('a multipart stream', () => {
  test('starts with its cursor and heartbeat, then sends each part completely', async ({ serve }) => {
    const { hub, url } = await serve()
    const from = hub.cursor('a')
    const abort = new AbortController()
    const response = await fetch(`${url}a`, { headers: { accept: 'multipart/mixed' }, signal: abort.signal })
    const boundary = /^multipart\/mixed; boundary=([\da-f]{32})$/.exec(response.headers.get('content-type') ?? '')?.[1]
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const until = async (part: string) => {
      while (!text.includes(`${part}\r\n--${boundary}\r\n`)) text += (await reader?.read())?.value ?? ''
    }
    await until('{"heartbeat":15,"gaps":true}')
    expect(text).toMatch(/^--[\da-f]{32}\r\nPush: open\r\nLast-Modified: .*\r\nEtag: \d+\.\w+\r\n\r\n/)
    expect(text).toContain(`Etag: ${from.split(':')[1]}\r\n`)
    const { id } = hub.publish('a', 'one', { event: 'news' })
    await until('one')
    expect(text).toContain(
      `Etag: ${id.split(':')[1]}\r\nContent-Type: text/plain\r\nX-EventSource-Event: news\r\n\r\none\r\n`,
    )
    hub.publish('a', Uint8Array.of(0, 255))
    await until('AP8=')
    expect(text).toContain('Content-Transfer-Encoding: base64')
    hub.delete('a')
    await until('{}')
    expect(text).toContain('Push: end\r\n')
    abort.abort()
  })
})

describe('a WebSocket', () => {
  test('starts with its cursor and heartbeat, then sends each message with its head', async ({ serve, frames }) => {
    const { hub, url } = await serve()
    const from = hub.cursor('a')
    const { next, socket } = frames(`${url}a`)
    expect(await next()).toEqual({
      head: `id: ${from}\npush: open`,
      body: '{"heartbeat":15,"gaps":true}',
      binary: false,
    })
    expect(socket.protocol).toBe('ws+meta.nchan')
    const text = hub.publish('a', 'one', { event: 'news' })
    expect(await next()).toEqual({
      head: `id: ${text.id}\ncontent-type: text/plain\nevent: news`,
      body: 'one',
      binary: false,
    })
    const bytes = hub.publish('a', Uint8Array.of(1, 2))
    expect(await next()).toEqual({
      head: `id: ${bytes.id}\ncontent-type: application/octet-stream`,
      body: '\u0001\u0002',
      binary: true,
    })
  })

  test('publishes the messages of its client', async ({ serve, frames }) => {
    const { url } = await serve()
    const { next, socket } = frames(`${url}a`)
    await next()
    socket.send('said')
    expect(await next()).toMatchObject({ body: 'said', binary: false })
  })

  test('shares its channel with all that connect at the same moment', async ({ serve, frames }) => {
    const allow: (() => void)[] = []
    const { hub, url } = await serve({
      authorize: () => new Promise<boolean>((resolve) => allow.push(() => resolve(true))),
    })
    const clients = Array.from({ length: 3 }, () => frames(`${url}a`))
    while (allow.length < clients.length) await new Promise(setImmediate)
    for (const decide of allow) decide()
    await Promise.all(clients.map(({ next }) => next()))
    expect(hub.publish('a', 'one').subscribers).toBe(3)
    for (const { next } of clients) expect(await next()).toMatchObject({ body: 'one' })
  })

  test('is rejected in one line without the subprotocol', async ({ serve }) => {
    const { url } = await serve()
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(`${url.replace('http', 'ws')}a`)
    const [status, line] = await new Promise<[number | undefined, string]>((resolve) => {
      socket.on('unexpected-response', (_, response) => {
        response.setEncoding('utf8')
        response.on('data', (text: string) => resolve([response.statusCode, text]))
      })
      socket.on('error', () => {})
    })
    expect([status, line]).toEqual([400, 'Missing subprotocol. Offer ws+meta.nchan.\n'])
  })

  test('is closed with 1009 when its client sends too much', async ({ serve, frames }) => {
    const { url } = await serve({ maxMessageBytes: 10 })
    const { next, socket, closed } = frames(`${url}a`)
    await next()
    socket.send('more than ten bytes')
    expect((await closed).code).toBe(1_009)
  })
})

describe('a request selects the technique of its response', () => {
  test.for([
    ['a', 'text/event-stream, application/json', 'text/event-stream; charset=utf-8'],
    ['a?wait=0', 'text/event-stream', 'text/event-stream; charset=utf-8'],
    ['a?wait=0', 'application/json', 'text/plain'],
    ['a', 'application/json', 'application/json'],
    ['a', 'text/json', 'application/json'],
    ['a', '*/*', 'text/plain'],
  ] as const)('%s with Accept: %s selects %s', async ([path, accept, expected], { serve }) => {
    const { hub, url } = await serve({ startFrom: 'oldest' })
    hub.publish('a', 'one')
    const since = path === 'a' && accept === '*/*' ? '?last_event_id=0:0' : ''
    const { response, leave } = await stream(`${url}${path}${since}`, { accept })
    expect(head(response, 'content-type', 'cache-control', 'x-content-type-options', 'push-heartbeat')).toEqual([
      expected,
      'no-store',
      'nosniff',
      '15',
    ])
    leave()
  })
})
