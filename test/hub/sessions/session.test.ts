import { describe, expect } from 'vitest'
import { test } from '../serve.ts'
import { openSession } from './session-client.ts'

const cursor = expect.stringMatching(/^\d+:\d+\.[\da-f]{12}$/)

describe('a session on a WebSocket', () => {
  test('greets with its id, its heartbeat in seconds, and the largest message', async ({ serve }) => {
    const { url } = await serve({ heartbeat: 2_000, maxMessageBytes: 1_000 })
    const { hello } = await openSession(url)
    expect(hello).toEqual({
      session: expect.stringMatching(/^[\da-f]{32}$/),
      heartbeat: 2,
      maxMessageBytes: 1_000,
      spread: 250,
    })
  })

  test('subscribes channels, and sends the messages of each', async ({ serve }) => {
    const { url, hub } = await serve()
    const session = await openSession(url)
    session.send({ subscribe: 'prices', id: 1 }, { subscribe: 'news/today', id: 2 })
    expect(await session.take(2)).toEqual([
      { ok: 1, cursor },
      { ok: 2, cursor },
    ])
    const { id } = hub.publish('prices', 'é 1', { event: 'tick' })
    hub.publish('news/today', '{"a":1}')
    hub.publish('others', 'nothing')
    hub.publish('prices', '')
    expect(await session.take(3)).toEqual([
      { message: 'prices', cursor: id, event: 'tick', body: 'é 1' },
      { message: 'news/today', cursor, body: '{"a":1}' },
      { message: 'prices', cursor, body: '' },
    ])
  })

  test('sends messages that are published in one turn as one frame', async ({ serve }) => {
    const { url, hub } = await serve()
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1 }, { subscribe: 'b', id: 2 })
    await session.take(2)
    const before = session.frames
    for (let n = 0; n < 50; n += 1) hub.publish(n % 2 ? 'a' : 'b', String(n))
    expect((await session.take(50)).map(({ body }) => body)).toEqual(Array.from({ length: 50 }, (_, n) => String(n)))
    expect(session.frames).toBe(before + 1)
  })

  test('sends bytes as bytes, in order with text', async ({ serve }) => {
    const { url, hub } = await serve()
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1 })
    await session.next()
    hub.publish('a', 'one')
    hub.publish('a', Uint8Array.of(0, 255, 10, 13))
    hub.publish('a', 'two')
    expect((await session.take(3)).map(({ body }) => body)).toEqual(['one', '00ff0a0d', 'two'])
  })

  test('resumes after a cursor, and sends a gap if messages are missing', async ({ serve }) => {
    const { url, hub } = await serve({ history: { count: 2 } })
    const ids = ['1', '2', '3', '4'].map((body) => hub.publish('a', body).id)
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1, cursor: ids[2] })
    expect(await session.take(2)).toEqual([
      { ok: 1, cursor: ids[2] },
      { message: 'a', cursor: ids[3], body: '4' },
    ])
    session.send({ subscribe: 'a', id: 2, cursor: ids[0] })
    expect(await session.take(3)).toEqual([
      { ok: 2, cursor: ids[1], gap: 'history-expired' },
      { message: 'a', cursor: ids[2], body: '3' },
      { message: 'a', cursor: ids[3], body: '4' },
    ])
    session.send({ subscribe: 'a', id: 3, cursor: '1:1.abcdef' })
    expect(await session.next()).toEqual({ ok: 3, cursor, gap: 'unknown-cursor' })
  })

  test('sends nothing of a channel that was left, and all of the others', async ({ serve }) => {
    const { url, hub } = await serve()
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1 }, { subscribe: 'b', id: 2 })
    await session.take(2)
    session.send({ unsubscribe: 'a' }, { subscribe: 'c', id: 3 })
    await session.next()
    hub.publish('a', 'no')
    hub.publish('b', 'yes')
    expect(await session.next()).toMatchObject({ message: 'b', body: 'yes' })
    expect(hub.state('a')?.subscribers).toBe(0)
  })

  test('sends the end of a channel, and keeps the others', async ({ serve }) => {
    const { url, hub } = await serve()
    const { id } = hub.publish('a', '1')
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1 }, { subscribe: 'b', id: 2 })
    await session.take(2)
    hub.publish('a', 'last')
    hub.delete('a')
    hub.publish('b', 'goes on')
    expect(await session.take(3)).toMatchObject([
      { message: 'a', body: 'last' },
      { end: 'a' },
      { message: 'b', body: 'goes on' },
    ])
    session.send({ subscribe: 'a', id: 3, cursor: id })
    expect(await session.next()).toEqual({ end: 'a', id: 3, gap: 'history-expired' })
  })

  test('calls `authorize` for each channel, and rejects one without affecting another', async ({ serve }) => {
    const asked: unknown[] = []
    const { url, hub } = await serve({
      authorize: ({ action, channel, technique, query, headers }) => {
        asked.push([action, channel, technique, query.get('token'), headers['x-user']])
        return channel.startsWith('open') || { status: 403, reason: 'not yours' }
      },
    })
    const session = await openSession(`${url}?token=t`, { 'x-user': 'ann' })
    session.send({ subscribe: 'secret', id: 1 }, { subscribe: 'open', id: 2 }, { publish: 'secret', id: 3, body: 'x' })
    const responses = await session.take(3)
    expect(responses).toHaveLength(3)
    expect(responses).toEqual(
      expect.arrayContaining([
        { error: 1, status: 403, reason: 'not yours' },
        { ok: 2, cursor },
        { error: 3, status: 403, reason: 'not yours' },
      ]),
    )
    expect(asked).toEqual([
      ['subscribe', 'secret', 'webSocket', 't', 'ann'],
      ['subscribe', 'open', 'webSocket', 't', 'ann'],
      ['publish', 'secret', 'webSocket', 't', 'ann'],
    ])
    hub.publish('open', '1')
    expect(await session.next()).toMatchObject({ message: 'open', body: '1' })
  })

  test('a channel that is left while `authorize` decides is not subscribed', async ({ serve }) => {
    let allow: (may: boolean) => void = () => {}
    const { url, hub } = await serve({ authorize: () => new Promise<boolean>((resolve) => (allow = resolve)) })
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1 })
    const none = allow
    await expect.poll(() => allow !== none).toBe(true)
    session.send({ unsubscribe: 'a' }, { subscribe: 'b', id: 2 })
    const first = allow
    await expect.poll(() => allow !== first).toBe(true)
    first(true)
    allow(true)
    expect(await session.next()).toMatchObject({ ok: 2 })
    expect(hub.state('a')).toBeUndefined()
  })

  test('publishes in order, and accepts or rejects each message', async ({ serve }) => {
    const { url, hub } = await serve({ maxMessageBytes: 10 })
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1 })
    await session.next()
    session.send(
      { publish: 'a', id: 2, body: 'one', event: 'e' },
      { publish: 'a', id: 3, body: 'x'.repeat(11) },
      { publish: 'a', id: 4, body: 'two' },
    )
    expect(await session.take(5)).toMatchObject([
      { message: 'a', body: 'one', event: 'e' },
      { ok: 2 },
      { error: 3, status: 413 },
      { message: 'a', body: 'two' },
      { ok: 4 },
    ])
    session.raw(Buffer.concat([Buffer.from('[{"publish":"a","id":5,"length":2}]\n'), Buffer.of(255, 0)]))
    expect(await session.take(2)).toMatchObject([{ message: 'a', body: 'ff00' }, { ok: 5 }])
    expect(hub.state('a')?.messages).toBe(3)
  })

  test('publishes a message with a number once, whichever session sends it', async ({ serve }) => {
    const { url, hub } = await serve()
    const first = await openSession(url)
    const publisher = 'p'.repeat(32)
    first.send({ publisher, id: 1 }, { publish: 'a', id: 2, number: 7, body: 'x' })
    const [{ memory }] = (await first.take(2)) as [{ memory: string }, unknown]
    const second = await openSession(url)
    second.send({ publisher, id: 1 }, { publish: 'a', id: 2, number: 7, body: 'x' })
    second.send({ publish: 'a', id: 3, number: 8, body: 'y' }, { publish: 'a', id: 4, number: 8, body: 'y' })
    expect(await second.take(4)).toEqual([{ ok: 1, memory }, { ok: 2 }, { ok: 3 }, { ok: 4 }])
    expect(hub.state('a')?.messages).toBe(2)
    const other = await openSession(url)
    other.send({ publisher: 'q'.repeat(32), id: 1 })
    expect(await other.next()).not.toMatchObject({ memory })
  })

  test('sends heartbeats with its position while it is idle', async ({ serve }) => {
    const { url, hub } = await serve({ heartbeat: 50 })
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1 })
    await session.next()
    const { id } = hub.publish('b', 'elsewhere')
    await session.next()
    expect((await session.next())['ping']).toBe(id.replace(/\..*/, ''))
  })

  test.for<[string, string]>([
    ['no JSON', 'x'],
    ['no array', '{"subscribe":"a","id":1}'],
    ['a head that is not an object', '[1]'],
    ['no command', '[{"id":1}]'],
    ['no id', '[{"subscribe":"a"}]'],
    ['an id that is not a number', '[{"subscribe":"a","id":"1"}]'],
    ['a body that is too short', '[{"publish":"a","id":1,"length":2}]\nx'],
    ['a body that is too long', '[{"publish":"a","id":1,"length":2}]\nxyz'],
    ['a length below zero', '[{"publish":"a","id":1,"length":-1}]\n'],
    ['a publication without a body', '[{"publish":"a","id":1}]'],
    ['a short name of a publisher', '[{"publisher":"me","id":1}]'],
    ['a type that is not text', '[{"publish":"a","id":1,"length":1,"type":5}]\nx'],
  ])('closes with 1008 at a frame with %s, of which no command counts', async ([, frame], { serve }) => {
    const { url, hub } = await serve()
    const session = await openSession(url)
    session.raw(frame)
    expect(await session.closed).toMatchObject({ code: 1008, reason: expect.stringMatching(/^Invalid frame: /) })
    expect(hub.state('a')).toBeUndefined()
  })

  test.for<[string, { id: number; body?: string; [field: string]: unknown }]>([
    ['a name', { subscribe: '', id: 1 }],
    ['a dot segment', { subscribe: 'a/../b', id: 1 }],
    ['a cursor', { subscribe: 'a', id: 1, cursor: 'now' }],
    ['an event', { publish: 'a', id: 1, event: 'push.open', body: 'x' }],
    ['a type', { publish: 'a', id: 1, type: 'application/vnd.push.end+json', body: 'x' }],
  ])('rejects %s that is not valid, and stays open', async ([, command], { serve }) => {
    const { url } = await serve()
    const session = await openSession(url)
    session.send(command, { subscribe: 'b', id: 2 })
    expect(await session.take(2)).toMatchObject([{ error: 1, status: 400 }, { ok: 2 }])
  })

  test('rejects a channel above the limit', async ({ serve }) => {
    const { url } = await serve({ maxSubscriptionsPerAddress: 2, maxSubscriptions: 3 })
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1 }, { subscribe: 'b', id: 2 }, { subscribe: 'c', id: 3 })
    expect(await session.take(3)).toMatchObject([{ ok: 1 }, { ok: 2 }, { error: 3, status: 429, retryAfter: 1 }])
    session.send({ unsubscribe: 'a' }, { subscribe: 'c', id: 4 })
    expect(await session.next()).toMatchObject({ ok: 4 })
  })

  test('leaves every channel when its client is gone', async ({ serve }) => {
    const { url, hub } = await serve()
    const session = await openSession(url)
    session.send(...Array.from({ length: 100 }, (_, id) => ({ subscribe: `a${id}`, id })))
    await session.take(100)
    expect(hub.state('a99')?.subscribers).toBe(1)
    session.socket.terminate()
    await expect.poll(() => hub.state('a99')).toBeUndefined()
  })

  test('a client that does not read gets kept messages later, and a gap if they are gone', async ({ serve }) => {
    const { url, hub } = await serve({ history: { count: 5 }, maxBufferedBytes: 100_000 })
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 1 })
    await session.next()
    session.socket.pause()
    const body = 'x'.repeat(50_000)
    for (let n = 0; n < 400; n += 1) {
      hub.publish('a', `${n} ${body}`)
      if (n % 10 === 0) await new Promise(setImmediate)
    }
    session.socket.resume()
    const seen: unknown[] = []
    while (!String(seen.at(-1)).startsWith('399')) {
      const head = await session.next()
      seen.push(head['gap'] === undefined ? String(head.body).split(' ')[0] : 'gap')
    }
    const at = seen.indexOf('gap')
    expect(at).toBeGreaterThan(0)
    expect(seen.slice(-5).map(Number)).toEqual([395, 396, 397, 398, 399])
    expect(seen.slice(0, at).map(Number)).toEqual(Array.from({ length: at }, (_, n) => n))
  })

  test('ends when the hub closes, and its client may reconnect', async ({ serve }) => {
    const { url, hub } = await serve()
    const session = await openSession(url)
    void hub.close()
    expect(await session.closed).toMatchObject({ code: 1012 })
  })
})
