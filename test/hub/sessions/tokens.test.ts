import { describe, expect } from 'vitest'
import type { AuthorizeRequest } from 'pinia-push/hub'
import { place, stream, test } from '../serve.ts'
import { frameOf, heads, openSession, type Head } from './session-client.ts'

const cursor = expect.stringMatching(/^\d+:\d+\.[\da-f]{12}$/)

/** The token of a request, wherever it is. */
const tokenOf = ({ headers, query }: AuthorizeRequest) =>
  headers.authorization?.replace(/^bearer +/i, '') ?? query.get('access_token') ?? ''

/** An `authorize` of tokens that are lists of channels, such as `a,b`. It notes what it was asked. */
function byLists() {
  const asked: string[] = []
  const authorize = (request: AuthorizeRequest) => {
    const { action, channel } = request
    asked.push(`${action} ${channel} ${tokenOf(request)}`)
    return tokenOf(request).split(',').includes(channel) || { status: 401, reason: 'not with this token' }
  }
  return { asked, authorize }
}

/** An `authorize` that decides when the test does. */
function undecided() {
  const asked: { readonly request: AuthorizeRequest; readonly decide: (may: boolean) => void }[] = []
  return {
    asked,
    authorize: (request: AuthorizeRequest) => new Promise<boolean>((decide) => void asked.push({ request, decide })),
  }
}

const post = (url: string, session: unknown, frame: string, headers: Record<string, string> = {}) =>
  fetch(`${url}?session=${String(session)}`, {
    method: 'POST',
    body: frame,
    headers: { 'content-type': 'text/plain', ...headers },
  })

describe('a new token', () => {
  test('ends the channels that it refuses, and the others go on without a hole', async ({ serve }) => {
    const { asked, authorize } = byLists()
    const { url, hub } = await serve({ authorize })
    const session = await openSession(`${url}?access_token=a,b`)
    session.send({ subscribe: 'a', id: 1 }, { subscribe: 'b', id: 2 })
    await session.take(2)
    asked.length = 0
    hub.publish('a', '1')
    session.send({ token: 'b,c', replaces: 'a,b', id: 3 })
    hub.publish('b', '1')
    const seen = await session.take(4)
    expect(seen).toEqual([
      { message: 'a', cursor, body: '1' },
      { message: 'b', cursor, body: '1' },
      { rejected: 'a', status: 401, reason: 'not with this token' },
      { ok: 3 },
    ])
    expect(asked.toSorted()).toEqual(['subscribe a b,c', 'subscribe b b,c'])
    expect([hub.state('a')?.subscribers, hub.state('b')?.subscribers]).toEqual([0, 1])
    hub.publish('a', '2')
    hub.publish('b', '2')
    expect(await session.next()).toMatchObject({ message: 'b', body: '2' })
    // Of one frame, each command has the token of those before it.
    session.send({ subscribe: 'c', id: 4 }, { publish: 'c', id: 5, body: 'x' }, { publish: 'a', id: 6, body: 'x' })
    const after = await session.take(4)
    expect(after).toEqual(
      expect.arrayContaining([
        { ok: 4, cursor },
        { ok: 5 },
        { error: 6, status: 401, reason: 'not with this token' },
        { message: 'c', cursor, body: 'x' },
      ]),
    )
  })

  test('is replaced in the header that carried it, and nowhere else', async ({ serve }) => {
    const requests: AuthorizeRequest[] = []
    const { url } = await serve({ authorize: (request) => Boolean(requests.push(request)) })
    const headers = { authorization: 'bearer old', 'x-token': 'old', cookie: 'old' }
    const session = await openSession(`${url}?room=1`, headers)
    session.send({ token: 'new', replaces: 'old', id: 1 }, { subscribe: 'a', id: 2 })
    await session.take(2)
    const [request] = requests
    expect(request?.headers).toMatchObject({ ...headers, authorization: 'bearer new' })
    expect(String(request?.query)).toBe('room=1')
  })

  test('is replaced in each query parameter that carried it, and nowhere else', async ({ serve }) => {
    const queries: string[] = []
    const { url } = await serve({ authorize: ({ query }) => Boolean(queries.push(String(query))) })
    const session = await openSession(`${url}?t=old&room=older&old=1&u=old`, { authorization: 'Basic old' })
    session.send({ token: 'n/w+', replaces: 'old', id: 1 }, { subscribe: 'a', id: 2 })
    await session.take(2)
    expect(queries).toEqual(['t=n%2Fw%2B&room=older&old=1&u=n%2Fw%2B'])
  })

  test('can be replaced again', async ({ serve }) => {
    const { authorize } = byLists()
    const { url } = await serve({ authorize, now: later() })
    const session = await openSession(`${url}?access_token=a`)
    session.send({ token: 'b', replaces: 'a', id: 1 })
    expect(await session.next()).toEqual({ ok: 1 })
    session.send({ token: 'c', replaces: 'b', id: 2 })
    expect(await session.next()).toEqual({ ok: 2 })
    session.send({ subscribe: 'c', id: 3 })
    expect(await session.next()).toEqual({ ok: 3, cursor })
  })

  test.for([
    ['that the request does not carry', { token: 'new', replaces: 'other' }],
    ['that is part of a parameter', { token: 'new', replaces: 'ol' }],
    ['of another scheme', { token: 'new', replaces: 'basic' }],
    ['that is empty', { token: 'new', replaces: '' }],
    ['for an empty one', { token: '', replaces: 'old' }],
    ['for one with a line end', { token: 'a\r\nx: y', replaces: 'old' }],
    ['for one with a space', { token: 'a b', replaces: 'old' }],
    ['for one that no header can carry', { token: 'tökén', replaces: 'old' }],
    ['for one that is too long', { token: 'x'.repeat(8_193), replaces: 'old' }],
    ['for a query that is too long', { token: 'x'.repeat(8_192), replaces: 'old' }],
  ] as const)('is refused in place of one %s, and the old one stays', async ([, replacement], { serve }) => {
    const { asked, authorize } = byLists()
    const { url, hub } = await serve({ authorize })
    const session = await openSession(`${url}?access_token=a&t=old&u=old&empty=`, { authorization: 'Basic basic' })
    session.send({ ...replacement, id: 1 })
    expect(await session.next()).toEqual({ error: 1, status: 400, reason: expect.stringMatching(/^[A-Z].*\.$/) })
    expect(asked).toEqual([])
    expect(hub.state('a')).toBeUndefined()
  })

  test.for(['{"token":"x","id":1}', '{"token":"x","replaces":1,"id":1}', '{"token":"x","replaces":"a"}'])(
    'is not a frame as %s',
    async (head, { serve }) => {
      const { url } = await serve()
      const session = await openSession(url)
      session.raw(`[${head}]`)
      expect(await session.closed).toMatchObject({ code: 1008 })
    },
  )
})

describe('while `authorize` decides', () => {
  test('what was sent before the token is published with the old one, and what was sent after it with the new one', async ({
    serve,
  }) => {
    const { asked, authorize } = undecided()
    const { url, hub } = await serve({ authorize })
    const session = await openSession(`${url}?access_token=old`)
    session.send(
      { publish: 'a', id: 1, body: '1' },
      { token: 'new', replaces: 'old', id: 2 },
      { publish: 'a', id: 3, body: '2' },
    )
    expect(await session.next()).toEqual({ ok: 2 })
    asked[0]?.decide(true)
    await expect.poll(() => asked.length).toBe(2)
    asked[1]?.decide(true)
    expect(await session.take(2)).toEqual([{ ok: 1 }, { ok: 3 }])
    expect(asked.map(({ request }) => tokenOf(request))).toEqual(['old', 'new'])
    expect(hub.state('a')?.messages).toBe(2)
  })

  test('a subscription that waits is decided with the new token', async ({ serve }) => {
    const { asked, authorize } = undecided()
    const { url, hub } = await serve({ authorize })
    const session = await openSession(`${url}?access_token=old`)
    session.send({ subscribe: 'a', id: 1 }, { token: 'new', replaces: 'old', id: 2 })
    expect(await session.next()).toEqual({ ok: 2 })
    asked[0]?.decide(true)
    await expect.poll(() => asked.length).toBe(2)
    expect(hub.state('a')).toBeUndefined()
    asked[1]?.decide(false)
    expect(await session.next()).toMatchObject({ error: 1, status: 403 })
    expect(asked.map(({ request }) => tokenOf(request))).toEqual(['old', 'new'])
  })

  test('a channel that is left and subscribed again is not ended by the decision before', async ({ serve }) => {
    const { asked, authorize } = undecided()
    const { url, hub } = await serve({ authorize })
    const session = await openSession(`${url}?access_token=old`)
    session.send({ subscribe: 'a', id: 1 })
    await expect.poll(() => asked.length).toBe(1)
    asked[0]?.decide(true)
    await session.next()
    session.send({ token: 'new', replaces: 'old', id: 2 }, { unsubscribe: 'a' }, { subscribe: 'a', id: 3 })
    await expect.poll(() => asked.length).toBe(3)
    asked[2]?.decide(true)
    expect(await session.next()).toEqual({ ok: 3, cursor })
    asked[1]?.decide(false)
    expect(await session.next()).toEqual({ ok: 2 })
    hub.publish('a', '1')
    expect(await session.next()).toMatchObject({ message: 'a', body: '1' })
  })

  test('a failure of it ends the channel for now', async ({ serve }) => {
    let fails = false
    const { url } = await serve({
      log: () => {},
      authorize() {
        if (fails) throw new Error('no database')
        return true
      },
    })
    const session = await openSession(`${url}?access_token=old`)
    session.send({ subscribe: 'a', id: 1 })
    await session.next()
    fails = true
    session.send({ token: 'new', replaces: 'old', id: 2 })
    expect(await session.take(2)).toEqual([
      { rejected: 'a', status: 500, reason: expect.stringMatching(/^[A-Z].*\.$/) },
      { ok: 2 },
    ])
  })
})

describe('a client that sends tokens without end', () => {
  test('makes `authorize` decide its channels once per second', async ({ serve }) => {
    const { asked, authorize } = byLists()
    let now = 1e12
    const { url } = await serve({ authorize, now: () => now })
    const session = await openSession(`${url}?access_token=a,b`)
    session.send({ subscribe: 'a', id: 1 }, { subscribe: 'b', id: 2 })
    await session.take(2)
    asked.length = 0
    const storm = Array.from({ length: 5_000 }, (_, id) => ({ token: 'a,b', replaces: 'a,b', id }))
    session.send(...storm)
    const responses = await session.take(storm.length)
    expect(responses.filter(({ status }) => status === 429)).toHaveLength(storm.length - 1)
    expect(responses.filter(({ ok }) => ok !== undefined)).toHaveLength(1)
    expect(asked).toHaveLength(2)
    now += 999
    session.send({ token: 'a,b', replaces: 'a,b', id: 1 })
    expect(await session.next()).toMatchObject({ error: 1, status: 429, retryAfter: 1 })
    now += 1
    session.send({ token: 'a,b', replaces: 'a,b', id: 2 })
    expect(await session.next()).toEqual({ ok: 2 })
  })

  test('has at most 100 channels decided at a time', async ({ serve }) => {
    const { asked, authorize } = undecided()
    let waits = false
    const { url } = await serve({ authorize: (request) => !waits || authorize(request) })
    const session = await openSession(`${url}?access_token=old`)
    const channels = Array.from({ length: 250 }, (_, id) => ({ subscribe: `c${id}`, id }))
    session.send(...channels)
    await session.take(channels.length)
    waits = true
    session.send({ token: 'new', replaces: 'old', id: 1_000 })
    for (const count of [100, 200, 250]) {
      await expect.poll(() => asked.length).toBe(count)
      for (const { decide } of asked) decide(true)
    }
    expect(await session.next()).toEqual({ ok: 1_000 })
  })

  test('leaves nothing to decide when its session ends', async ({ serve }) => {
    const { asked, authorize } = undecided()
    let waits = false
    const { url, hub } = await serve({ authorize: (request) => !waits || authorize(request) })
    const session = await openSession(`${url}?access_token=old`)
    const channels = Array.from({ length: 150 }, (_, id) => ({ subscribe: `c${id}`, id }))
    session.send(...channels)
    await session.take(channels.length)
    waits = true
    session.send({ token: 'new', replaces: 'old', id: 1_000 })
    await expect.poll(() => asked.length).toBe(100)
    session.socket.terminate()
    await expect.poll(() => hub.state('c0')?.subscribers ?? 0).toBe(0)
    for (const { decide } of asked) decide(true)
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
    expect(asked).toHaveLength(100)
  })
})

describe('a session over HTTP', () => {
  test('is decided with the request of the POST, which carries the new token', async ({ serve }) => {
    const { asked, authorize } = byLists()
    const { url, hub } = await serve({ authorize })
    const { next } = await stream(`${url}?access_token=nothing`)
    await next()
    const read = async (): Promise<Head[]> =>
      heads(((await next()) ?? '').replace(/^id: .*\ndata: /, '').replaceAll('\ndata: ', '\n'))
    const [hello] = await read()
    const send = (token: string, ...commands: Parameters<typeof frameOf>[0]) =>
      post(url, hello?.['session'], frameOf(commands), { authorization: `Bearer ${token}` })
    await send('a,b', { subscribe: 'a', id: 1 }, { subscribe: 'b', id: 2 })
    expect(await read()).toEqual([
      { ok: 1, cursor },
      { ok: 2, cursor },
    ])
    asked.length = 0
    // The request of the head is that of the POST.
    expect((await send('b,c', { token: 'a', replaces: 'x', id: 3 })).status).toBe(204)
    const seen = [...(await read())]
    while (seen.length < 2) seen.push(...(await read()))
    expect(seen).toEqual([{ rejected: 'a', status: 401, reason: 'not with this token' }, { ok: 3 }])
    expect(asked.toSorted()).toEqual(['subscribe a b,c', 'subscribe b b,c'])
    hub.publish('b', '1')
    expect(await read()).toMatchObject([{ message: 'b', body: '1' }])
  })

  test('of polls, too', async ({ serve }) => {
    const { authorize } = byLists()
    const { url } = await serve({ authorize })
    const first = await fetch(`${url}?wait=0`)
    const [hello] = heads(await first.text())
    const send = (token: string, ...commands: Parameters<typeof frameOf>[0]) =>
      post(`${url}`, hello?.['session'], frameOf(commands), { authorization: `Bearer ${token}` })
    await send('a', { subscribe: 'a', id: 1 })
    await send('b', { token: 'b', replaces: 'a', id: 2 })
    const seen: Head[] = []
    let last = first
    while (seen.length < 3) {
      last = await fetch(`${url}?wait=0&last_event_id=${encodeURIComponent(place(last))}`)
      if (last.status === 200) seen.push(...heads(await last.text()))
    }
    expect(seen).toMatchObject([{ ok: 1 }, { rejected: 'a', status: 401 }, { ok: 2 }])
  })
})

/** A clock by which a second has passed each time that it is read. */
function later() {
  let now = 1e12
  return () => (now += 1_000)
}
