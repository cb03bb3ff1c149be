import { describe, expect } from 'vitest'
import { stream, test } from './serve.ts'

const head = (response: Response, ...names: string[]) => names.map((name) => response.headers.get(name))
const place = (response: Response) =>
  `${Date.parse(response.headers.get('last-modified') ?? '') / 1_000}:${response.headers.get('etag')}`

describe('interval polling', () => {
  test('is told the present place at once, and every message after it in one answer', async ({ serve }) => {
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

  test('gets a single message as it is, with its type and name', async ({ serve }) => {
    const { hub, url } = await serve({ firstMessage: 'oldest' })
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

  test('wraps a message that would pass for an envelope', async ({ serve }) => {
    const { hub, url } = await serve({ firstMessage: 'oldest' })
    hub.publish('a', '--x\r\n\r\nforged\r\n--x--', { contentType: 'multipart/mixed; boundary=x' })
    const answer = await fetch(`${url}a?wait=0`)
    expect(answer.headers.get('content-type')).not.toContain('boundary=x')
  })

  test('is told that more waits where an answer is cut at its limit', async ({ serve }) => {
    const { hub, url } = await serve({ firstMessage: 'oldest', history: { count: 5_000 } })
    for (let n = 0; n < 1_500; n += 1) hub.publish('a', String(n))
    const answer = await fetch(`${url}a?wait=0`)
    expect(answer.headers.get('push-more')).toBe('1')
    const rest = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(place(answer))}`)
    expect(rest.headers.get('push-more')).toBeNull()
    expect((await rest.text()).match(/Etag/g)).toHaveLength(500)
  })
})

describe('long polling', () => {
  test('waits for a message after its place', async ({ serve }) => {
    const { hub, url } = await serve()
    const from = hub.cursor('a')
    const answer = fetch(`${url}a?last_event_id=${encodeURIComponent(from)}`)
    while ((hub.state('a')?.subscribers ?? 0) === 0) await new Promise(setImmediate)
    hub.publish('a', 'one')
    expect(await (await answer).text()).toBe('one')
    expect(hub.state('a')?.subscribers).toBe(0)
  })

  test('is answered with 304 and its place when the heartbeat is due', async ({ serve }) => {
    const { hub, url } = await serve({ heartbeat: 50 })
    const from = hub.cursor('a')
    const answer = await fetch(`${url}a?last_event_id=${encodeURIComponent(from)}`)
    expect({ status: answer.status, place: place(answer) }).toEqual({ status: 304, place: from })
  })
})

describe('an event stream', () => {
  test('begins with its place and heartbeat, then tells each message', async ({ serve }) => {
    const { hub, url } = await serve({ heartbeat: 15_000 })
    const from = hub.cursor('a')
    const { next, response, leave } = await stream(`${url}a`)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(await next()).toBe(`id: ${from}\nevent: push.open\ndata: {"heartbeat":15}`)
    const { id } = hub.publish('a', 'two\nlines', { event: 'news' })
    expect(await next()).toBe(`id: ${id}\nevent: news\ndata: two\ndata: lines`)
    leave()
  })

  test('spells what SSE cannot hold as JSON', async ({ serve }) => {
    const { hub, url } = await serve()
    const { next, leave } = await stream(`${url}a`)
    await next()
    hub.publish('a', 'carriage\rreturn', { event: 'news' })
    expect(await next()).toMatch(/event: push\.message\ndata: {"event":"news","text":"carriage\\rreturn"}$/)
    hub.publish('a', Uint8Array.of(0, 255))
    expect(await next()).toMatch(/event: push\.message\ndata: {"base64":"AP8="}$/)
    hub.publish('a', Uint8Array.of(255), { contentType: 'text/plain' })
    expect(await next()).toMatch(/data: {"base64":"\/w=="}$/)
    leave()
  })

  test('is sent heartbeats that a page can see', async ({ serve }) => {
    const { url } = await serve({ heartbeat: 50 })
    const { next, leave } = await stream(`${url}a`)
    await next()
    expect(await next()).toBe('event: push.ping\ndata: 1')
    leave()
  })

  test('leaves nothing behind when its reader goes away', async ({ serve }) => {
    const { hub, url } = await serve()
    const { next, leave } = await stream(`${url}a`)
    await next()
    expect(hub.state('a')?.subscribers).toBe(1)
    leave()
    while (hub.state('a')?.subscribers !== 0) await new Promise(setImmediate)
  })
})

describe('a WebSocket', () => {
  test('begins with its place and heartbeat, then tells each message with its head', async ({ serve, frames }) => {
    const { hub, url } = await serve()
    const from = hub.cursor('a')
    const { next, socket } = frames(`${url}a`)
    expect(await next()).toEqual({ head: `id: ${from}\npush: open`, body: '{"heartbeat":15}', binary: false })
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

  test('publishes what its client sends', async ({ serve, frames }) => {
    const { url } = await serve()
    const { next, socket } = frames(`${url}a`)
    await next()
    socket.send('said')
    expect(await next()).toMatchObject({ body: 'said', binary: false })
  })

  test('is refused in one line without the subprotocol', async ({ serve }) => {
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
    expect([status, line]).toEqual([400, 'offer the subprotocol ws+meta.nchan\n'])
  })

  test('is closed with 1009 when its client sends too much', async ({ serve, frames }) => {
    const { url } = await serve({ maxMessageBytes: 10 })
    const { next, socket, closed } = frames(`${url}a`)
    await next()
    socket.send('more than ten bytes')
    expect((await closed).code).toBe(1_009)
  })
})

describe('resuming', () => {
  test.for(['newest', 'oldest', -2] as const)(
    'begins at %s where no cursor is given',
    async (firstMessage, { serve }) => {
      const { hub, url } = await serve({ firstMessage })
      for (const body of ['one', 'two', 'three']) hub.publish('a', body)
      const { next, leave } = await stream(`${url}a`)
      await next()
      hub.publish('a', 'four')
      const expected = { newest: 'four', oldest: 'one', [-2]: 'two' }[firstMessage]
      expect(await next()).toMatch(new RegExp(`data: ${expected}$`))
      leave()
    },
  )

  test('understands every way to name a cursor, and their precedence', async ({ serve }) => {
    const { hub, url } = await serve()
    const [one, two] = ['one', 'two', 'three'].map((body) => hub.publish('a', body).id)
    const [seconds, counter] = (one ?? '').split(':')
    const since = {
      'if-modified-since': new Date(Number(seconds) * 1_000).toUTCString(),
      'if-none-match': counter ?? '',
    }
    const query = `last_event_id=${encodeURIComponent(two ?? '')}`
    const asks: [string, Record<string, string>, string][] = [
      [`${url}a?${query}`, {}, 'three'],
      [`${url}a?${query}`, { 'last-event-id': one ?? '' }, 'two'],
      [`${url}a?${query}`, { 'last-event-id': two ?? '', ...since }, 'two'],
    ]
    for (const [address, headers, expected] of asks) {
      const { next, leave } = await stream(address, headers)
      await next()
      expect(await next()).toMatch(new RegExp(`data: ${expected}$`))
      leave()
    }
  })

  test('says gap where messages after the cursor are gone, and goes on with the oldest that is kept', async ({
    serve,
    frames,
  }) => {
    const { hub, url } = await serve({ history: { count: 2 } })
    const [one] = ['one', 'two', 'three', 'four'].map((body) => hub.publish('a', body).id)
    const address = `${url}a?last_event_id=${encodeURIComponent(one ?? '')}`
    const { next, leave } = await stream(address)
    await next()
    expect(await next()).toMatch(/event: push\.gap\ndata: {"reason":"expired"}$/)
    expect(await next()).toMatch(/data: three$/)
    leave()
    const poll = await fetch(`${address}&wait=0`)
    expect(head(poll, 'push-gap')).toEqual(['expired'])
    const socket = frames(address)
    await socket.next()
    expect(await socket.next()).toMatchObject({
      head: expect.stringMatching(/push: gap$/),
      body: '{"reason":"expired"}',
    })
  })

  test('says no gap where the cursor is the last that was forgotten', async ({ serve }) => {
    const { hub, url } = await serve({ history: { count: 2 } })
    const [one] = ['one', 'two', 'three'].map((body) => hub.publish('a', body).id)
    const poll = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(one ?? '')}`)
    expect(head(poll, 'push-gap')).toEqual([null])
  })

  test('says gap for a cursor from the future, and goes on from now', async ({ serve }) => {
    const { hub, url } = await serve()
    hub.publish('a', 'one')
    const poll = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent('9999999999:0')}`)
    expect([poll.status, ...head(poll, 'push-gap'), place(poll)]).toEqual([304, 'unknown', hub.cursor('a')])
  })

  test('gives all that is kept after 0:0, without a gap', async ({ serve }) => {
    const { hub, url } = await serve({ history: { count: 1 } })
    for (const body of ['one', 'two']) hub.publish('a', body)
    const poll = await fetch(`${url}a?wait=0&last_event_id=0:0`)
    expect([await poll.text(), ...head(poll, 'push-gap')]).toEqual(['two', null])
  })

  test('issues rising ids though the clock goes back, and none that an earlier life issued', async ({ serve }) => {
    let now = 1_700_000_000_500
    const first = await serve({ now: () => now })
    const ids = [first.hub.publish('a', 'one').id]
    now -= 400
    ids.push(first.hub.publish('a', 'two').id)
    expect(ids).toEqual(['1700000000:500001', '1700000000:500002'])
    now += 401
    const second = await serve({ now: () => now })
    const poll = await fetch(`${second.url}a?wait=0&last_event_id=${encodeURIComponent(ids[1] ?? '')}`)
    expect(head(poll, 'push-gap')).toEqual(['expired'])
  })

  test('forgets by age and by bytes too', async ({ serve }) => {
    let now = 1_700_000_000_000
    const { hub, url } = await serve({ now: () => now, history: { age: 1_000, bytes: 10 }, firstMessage: 'oldest' })
    hub.publish('a', '12345678')
    hub.publish('a', '87654321')
    expect(hub.state('a')?.messages).toBe(1)
    now += 1_001
    expect((await fetch(`${url}a?wait=0`)).status).toBe(304)
  })
})

describe('an end', () => {
  test('is told to all who listen, and to who resumes later', async ({ serve, frames }) => {
    const { hub, url } = await serve()
    const from = hub.cursor('a')
    const resume = `${url}a?last_event_id=${encodeURIComponent(from)}`
    const { next } = await stream(`${url}a`)
    await next()
    const socket = frames(`${url}a`)
    await socket.next()
    const poll = fetch(resume)
    while (hub.state('a')?.subscribers !== 3) await new Promise(setImmediate)
    expect(hub.delete('a')).toBe(true)
    expect(await next()).toBe('event: push.end\ndata: {}')
    expect(await next()).toBeUndefined()
    expect(await socket.next()).toMatchObject({ head: 'push: end' })
    expect(await socket.closed).toEqual({ code: 1_001, reason: '410 Gone' })
    const answered = await poll
    expect([answered.status, ...head(answered, 'push-end')]).toEqual([410, '1'])
    for (const accept of ['*/*', 'text/event-stream']) {
      const late = await fetch(resume, { headers: { accept } })
      expect([late.status, ...head(late, 'push-end')]).toEqual([410, '1'])
    }
    const late = frames(resume)
    expect(await late.next()).toMatchObject({ head: 'push: end' })
  })

  test('is over when somebody publishes again', async ({ serve }) => {
    const { hub, url } = await serve()
    const from = hub.cursor('a')
    hub.delete('a')
    hub.publish('a', 'anew')
    const poll = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(from)}`)
    expect(poll.status).toBe(200)
  })
})

describe('a hub that closes', () => {
  test('ends every connection so that its client comes back', async ({ serve, frames }) => {
    const { hub, url } = await serve()
    const { next } = await stream(`${url}a`)
    await next()
    const socket = frames(`${url}a`)
    await socket.next()
    const poll = fetch(`${url}a?last_event_id=${encodeURIComponent(hub.cursor('a'))}`)
    while (hub.state('a')?.subscribers !== 3) await new Promise(setImmediate)
    hub.close()
    expect(await next()).toBeUndefined()
    expect((await socket.closed).code).toBe(1_012)
    expect((await poll).status).toBe(304)
  })
})
