import { describe, expect, onTestFinished, vi } from 'vitest'
import { place, stream, test } from '../serve.ts'
import { frameOf, heads, openSession, type Head } from './session-client.ts'

/** An `authorize` that decides nothing, until the test does. */
function undecided() {
  const asked: { channel: string; decide: (may: boolean) => void }[] = []
  return {
    asked,
    authorize: ({ channel }: { channel: string }) =>
      new Promise<boolean>((decide) => void asked.push({ channel, decide })),
    /** Allows everything that is asked, and what is asked then. */
    async allowAll() {
      for (let at = 0; at < asked.length; at += 1) {
        asked[at]?.decide(true)
        for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
      }
    },
  }
}

const post = (url: string, session: unknown, frame: string) =>
  fetch(`${url}?session=${String(session)}`, { method: 'POST', body: frame, headers: { 'content-type': 'text/plain' } })

/** Opens a session of polls, and reads its hello. */
async function poll(url: string) {
  const response = await fetch(url)
  const [hello] = heads(await response.text())
  return { session: hello?.['session'], cursor: place(response) }
}

const polled = (url: string, cursor: string, wait = '') =>
  fetch(`${url}?${wait}last_event_id=${encodeURIComponent(cursor)}`)

describe('while `authorize` decides', () => {
  test('a channel that is left and subscribed again counts each time', async ({ serve }) => {
    const { authorize, asked, allowAll } = undecided()
    const { url } = await serve({ authorize, maxSubscriptionsPerAddress: 3 })
    const session = await openSession(url)
    for (let id = 0; id < 4; id += 1) session.send({ subscribe: 'a', id }, { unsubscribe: 'a' })
    expect(await session.next()).toMatchObject({ error: 3, status: 429, retryAfter: 1 })
    expect(asked).toHaveLength(3)
    await allowAll()
    session.send({ subscribe: 'a', id: 4 })
    await expect.poll(() => asked.length).toBe(4)
    await allowAll()
    expect(await session.next()).toMatchObject({ ok: 4 })
  })

  test('a message that is sent again is not published before those that were sent before it', async ({ serve }) => {
    const { authorize, asked, allowAll } = undecided()
    const { url, hub } = await serve({ authorize: (request) => request.action === 'subscribe' || authorize(request) })
    const reader = await openSession(url)
    reader.send({ subscribe: 'a', id: 1 })
    await reader.next()
    const numbered = (number: number) => ({ publish: 'a', id: number, number, body: String(number) })
    const publisher = { publisher: 'p'.repeat(32), id: 99 }
    const first = await openSession(url)
    first.send(publisher, numbered(1), numbered(2))
    await expect.poll(() => asked.length).toBe(1)
    first.socket.terminate()
    const second = await openSession(url)
    second.send(publisher, numbered(1), numbered(2), numbered(3))
    await second.next()
    // Everything that `authorize` is asked now is decided before the first.
    for (const { decide } of asked.slice(1)) decide(true)
    await allowAll()
    expect((await reader.take(3)).map(({ body }) => body)).toEqual(['1', '2', '3'])
    expect(await second.take(3)).toEqual([{ ok: 1 }, { ok: 2 }, { ok: 3 }])
    expect(hub.state('a')?.messages).toBe(3)
  })

  test('messages that are sent again without end are rejected, whatever session sends them', async ({ serve }) => {
    const { authorize, asked, allowAll } = undecided()
    const { url } = await serve({ authorize, maxBufferedBytes: 100_000 })
    const { session, cursor } = await poll(url)
    const again = Array.from({ length: 100 }, (_, id) => ({ publish: 'a', id, number: 1, body: 'x' }))
    await post(url, session, frameOf([{ publisher: 'p'.repeat(32), id: 999 }]))
    for (let times = 0; times < 10; times += 1) await post(url, session, frameOf(again))
    expect(asked).toHaveLength(1)
    const responses = heads(await (await polled(url, cursor)).text())
    expect(responses.filter(({ status }) => status === 429).length).toBeGreaterThan(500)
    await allowAll()
  })

  test('invalid names and values are rejected at once', async ({ serve }) => {
    const { authorize, asked } = undecided()
    const { url } = await serve({ authorize, maxMessageBytes: 1_000 })
    const session = await openSession(url)
    const long = 'x'.repeat(900)
    session.send(
      { subscribe: long, id: 1 },
      { subscribe: 'a/../b', id: 2 },
      { publish: long, id: 3, body: 'x' },
      { publish: 'a', id: 4, event: long, body: 'x' },
      { publish: 'a', id: 5, type: long, body: 'x' },
      { publish: 'a', id: 6, body: 'x'.repeat(1_001) },
    )
    expect((await session.take(6)).map(({ error, status }) => [error, status])).toEqual([
      [1, 400],
      [2, 400],
      [3, 400],
      [4, 400],
      [5, 400],
      [6, 413],
    ])
    expect(asked).toEqual([])
  })

  test('a short message that waits does not keep the rest of its frame in memory', async ({ serve }) => {
    const { authorize, allowAll } = undecided()
    const { url } = await serve({ authorize })
    const { session } = await poll(url)
    const junk = 'j'.repeat(2_000_000)
    const before = process.memoryUsage().heapUsed
    for (let id = 0; id < 20; id += 1)
      await post(url, session, frameOf([{ publish: 'a', id, junk, body: 'a message of some length' }]))
    await expect
      .poll(() => {
        // Allocates, so that the garbage is collected.
        for (let n = 0; n < 20; n += 1) JSON.parse(`["${'y'.repeat(500_000)}"]`)
        return process.memoryUsage().heapUsed - before
      })
      .toBeLessThan(20_000_000)
    await allowAll()
  })

  test('a session that has no room for its messages ends, and messages that are sent again are published', async ({
    serve,
  }) => {
    const { authorize, asked, allowAll } = undecided()
    const { url, hub } = await serve({ authorize, maxIncomingBytes: 20_000, maxMessageBytes: 20_000 })
    const publisher = { publisher: 'p'.repeat(32), id: 0 }
    const first = await openSession(url)
    const message = (id: number) => ({ publish: 'a', id, number: id, body: 'x' })
    // Each message has a cost beside its one byte.
    first.send(publisher, ...Array.from({ length: 100 }, (_, id) => message(id + 1)))
    expect(await first.closed).toMatchObject({ code: expect.toSatisfy((code: number) => [1006, 1013].includes(code)) })
    await allowAll()
    expect(hub.state('a')).toBeUndefined()
    const second = await openSession(url)
    second.send(publisher, message(1))
    await expect.poll(() => asked.length).toBe(2)
    await allowAll()
    expect(await second.take(2)).toEqual([{ ok: 0, memory: expect.any(String) }, { ok: 1 }])
    expect(hub.state('a')?.messages).toBe(1)
  })
})

describe('a client that does not read', () => {
  test('and stops polling loses its session, and uses no memory of the hub', async ({ serve }) => {
    const { url, hub } = await serve({ maxBufferedBytes: 20_000 })
    const { session } = await poll(url)
    await post(url, session, frameOf([{ subscribe: 'kept', id: 1 }]))
    expect(hub.state('kept')?.subscribers).toBe(1)
    const storm = frameOf(Array.from({ length: 500 }, (_, id) => ({ subscribe: '', id })))
    await expect.poll(async () => (await post(url, session, storm)).status).toBe(404)
    expect(hub.state('kept')).toBeUndefined()
  })

  test('of a WebSocket loses its session too', async ({ serve }) => {
    const { url, hub } = await serve({ maxBufferedBytes: 20_000 })
    const session = await openSession(url)
    session.send({ subscribe: 'kept', id: 1 })
    await session.next()
    session.socket.pause()
    const storm = frameOf(Array.from({ length: 5_000 }, (_, id) => ({ subscribe: '', id })))
    await expect
      .poll(() => {
        session.raw(storm)
        return hub.state('kept')
      })
      .toBeUndefined()
  })

  test('has no subscription left when it loses its session at a subscription', async ({ serve }) => {
    const { url, hub } = await serve({ maxOutgoingBytes: 20_000, maxMessageBytes: 2_000 })
    const { session } = await poll(url)
    const channels = Array.from({ length: 3_000 }, (_, id) => `c${id}`)
    const storm = frameOf(channels.map((subscribe, id) => ({ subscribe, id })))
    await expect.poll(async () => (await post(url, session, storm)).status).toBe(404)
    expect(channels.filter((name) => hub.state(name))).toEqual([])
    // Every subscription is free again.
    const other = await openSession(url)
    other.send({ subscribe: 'c1', id: 1 })
    expect(await other.next()).toMatchObject({ ok: 1 })
  })
})

describe('a session by polls', () => {
  test('stays while it is polled, also if no poll waits', async ({ serve }) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const { url, hub } = await serve({ heartbeat: 60_000 })
    let { session, cursor } = await poll(url)
    await post(url, session, frameOf([{ subscribe: 'a', id: 1 }]))
    for (let beats = 0; beats < 6; beats += 1) {
      vi.advanceTimersByTime(60_000)
      const response = await polled(url, cursor, 'wait=0&')
      expect(response.status).not.toBe(410)
      cursor = place(response)
    }
    expect(hub.state('a')?.subscribers).toBe(1)
    for (let beats = 0; beats < 4; beats += 1) vi.advanceTimersByTime(60_000)
    expect(hub.state('a')).toBeUndefined()
    expect((await polled(url, cursor, 'wait=0&')).status).toBe(410)
  })
})

test('channels may be named as the properties of objects', async ({ serve }) => {
  const { url, hub } = await serve()
  const session = await openSession(url)
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
  session.raw(`[${names.map((name, id) => `{"subscribe":"${name}","id":${id}}`).join()}]`)
  await session.take(names.length)
  for (const name of names) hub.publish(name, name)
  expect((await session.take(names.length)).map(({ message, body }) => [message, body])).toEqual(
    names.map((name) => [name, name]),
  )
})

test.for<[string, string]>([
  ['nests deeply', `[{"subscribe":"a","id":1,"cursor":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`],
  ['has a cursor that is not text', '[{"subscribe":"a","id":1,"cursor":{"toString":1,"valueOf":1}}]'],
  ['has a prototype', '[{"__proto__":{"subscribe":"a","id":1}}]'],
])('a frame that %s harms no other client', async ([, frame], { serve }) => {
  const { url, hub } = await serve()
  const [other, session] = [await openSession(url), await openSession(url)]
  other.send({ subscribe: 'b', id: 1 })
  await other.next()
  session.raw(frame)
  await Promise.race([session.closed, session.next()])
  hub.publish('b', 'goes on')
  expect(await other.next()).toMatchObject({ body: 'goes on' })
})

test('a frame as large as a client joins is accepted, in any script', async ({ serve }) => {
  const { url } = await serve({ maxMessageBytes: 100 })
  const { response, next } = await stream(url)
  expect(response.status).toBe(200)
  await next()
  const [hello] = heads(((await next()) ?? '').replace(/^id: .*\ndata: /, ''))
  const commands: Head[] = []
  for (let id = 0; JSON.stringify(commands).length < 65_400; id += 1)
    commands.push({ subscribe: `${'ユ'.repeat(100)}${id}`, id })
  expect((await post(url, hello?.['session'], JSON.stringify(commands.slice(0, -1)))).status).toBe(204)
})
