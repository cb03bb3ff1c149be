import { describe, expect, vi } from 'vitest'
import { createHub, type HubOptions } from 'pinia-push/hub'
import { overTcp } from '../lines.ts'
import { head, place, test, type Served } from '../serve.ts'

const CURSOR = /^\d+:\d+\.[A-Za-z0-9]{9,}$/
const since = (cursor: string) => `last_event_id=${encodeURIComponent(cursor)}`
const life = (cursor: string) => cursor.slice(cursor.indexOf('.'))

/** The bytes of an answer, as they come. */
interface Heard {
  text: string
  until(part: RegExp): Promise<string>
  leave(): void
}

async function heard(chunks: AsyncIterable<unknown>, leave: () => void): Promise<Heard> {
  const read = chunks[Symbol.asyncIterator]()
  const answer: Heard = {
    text: '',
    async until(part) {
      while (!part.test(answer.text)) {
        const { done, value } = await read.next()
        if (done) throw new Error(`it ended before ${part}: ${answer.text}`)
        answer.text += Buffer.from(value as Uint8Array).toString()
      }
      return answer.text
    },
    leave,
  }
  return answer
}

async function answered(url: string, headers: Record<string, string> = {}): Promise<Heard> {
  const abort = new AbortController()
  const { body } = await fetch(url, { headers, signal: abort.signal })
  return heard(body as unknown as AsyncIterable<Uint8Array>, () => abort.abort())
}

/** How a subscriber resumes a channel `a` from a cursor, by every technique that streams. */
const STREAMS = {
  'an event stream': ({ url }: Served, from: string) =>
    answered(`${url}a?${since(from)}`, { accept: 'text/event-stream' }),
  'an event stream, by header': ({ url }: Served, from: string) =>
    answered(`${url}a`, { accept: 'text/event-stream', 'last-event-id': from }),
  'a multipart stream': ({ url }: Served, from: string) =>
    answered(`${url}a?${since(from)}`, { accept: 'multipart/mixed' }),
  'a forever frame': ({ url }: Served, from: string) =>
    answered(`${url}a?${since(from)}&frame=12345678&frame_parent=${new URL(url).origin}`),
  async 'lines over TCP'({ hub }: Served, from: string) {
    const { port } = await hub.listenTcp()
    const { socket } = overTcp(port)
    socket.write(`${JSON.stringify({ subscribe: `./a?${since(from)}` })}\n`)
    return heard(socket, () => socket.destroy())
  },
}

/** A hub that lived before, and the one that is asked. */
const LIVES: [string, HubOptions, HubOptions][] = [
  ['one that ended within the same millisecond', { now: () => 1_700_000_000_500 }, { now: () => 1_700_000_000_500 }],
  ['one whose clock was ahead', { now: () => 1_700_000_005_000 }, { now: () => 1_700_000_000_000 }],
  ['one whose clock was behind', { now: () => 1_700_000_000_000 }, { now: () => 1_700_000_005_000 }],
]

describe.for(LIVES)('a cursor of another hub, %s', ([, before, after]) => {
  const lives = async (serve: (options?: HubOptions) => Promise<Served>) => {
    const first = await serve(before)
    const cursor = ['one', 'two'].map((body) => first.hub.publish('a', body).id)[0] ?? ''
    const second = await serve({ startFrom: 'oldest', ...after })
    for (const body of ['three', 'four', 'five']) second.hub.publish('a', body)
    return { cursor, ...second }
  }

  test.for(Object.entries(STREAMS))('causes a gap and resumes from now: %s', async ([, resume], { serve }) => {
    const { cursor, ...second } = await lives(serve)
    const { until, leave } = await resume(second, cursor)
    const text = await until(/gap[^]*unknown/)
    expect(text).toContain(life(second.hub.cursor('a')))
    second.hub.publish('a', 'six')
    expect(await until(/six/)).not.toMatch(/three|four|five/)
    leave()
  })

  test('causes a gap and resumes from now: a WebSocket', async ({ serve, frames }) => {
    const { cursor, url, hub } = await lives(serve)
    const { next } = frames(`${url}a?${since(cursor)}`)
    expect(await next()).toMatchObject({ head: 'push: open' })
    expect(await next()).toMatchObject({
      head: `id: ${hub.cursor('a')}\npush: gap`,
      body: '{"reason":"unknown-cursor"}',
    })
    hub.publish('a', 'six')
    expect(await next()).toMatchObject({ body: 'six' })
  })

  test.for([
    ['by query', (cursor: string) => ({ query: since(cursor) })],
    [
      'by conditional headers',
      (cursor: string) => {
        const [seconds, etag = ''] = cursor.split(':')
        return {
          headers: { 'if-modified-since': new Date(Number(seconds) * 1_000).toUTCString(), 'if-none-match': etag },
        }
      },
    ],
  ] as const)('causes a gap and resumes from now: polls, %s', async ([, spell], { serve }) => {
    const { cursor, url, hub } = await lives(serve)
    const { query = '', headers = {} } = spell(cursor) as { query?: string; headers?: Record<string, string> }
    for (const wait of ['wait=0', '']) {
      const poll = await fetch(`${url}a?${[query, wait].join('&')}`, { headers })
      expect([poll.status, ...head(poll, 'push-gap'), place(poll)]).toEqual([304, 'unknown-cursor', hub.cursor('a')])
    }
  })
})

describe('a cursor', () => {
  test('contains the epoch of its hub, with every technique', async ({ serve }) => {
    const { hub, url } = await serve()
    const { id } = hub.publish('a', 'one')
    expect(id).toMatch(CURSOR)
    const places = [
      hub.cursor('a'),
      hub.cursor('other'),
      hub.state('a')?.last_message_id ?? '',
      place(await fetch(`${url}a`)),
    ]
    for (const each of places) {
      expect(each).toMatch(CURSOR)
      expect(life(each)).toBe(life(id))
    }
  })

  test.for(['1700000000:0', '0:5', '0:0.abc'])('%s was not issued by a hub: a gap', async (cursor, { serve }) => {
    const { hub, url } = await serve()
    hub.publish('a', 'one')
    const poll = await fetch(`${url}a?wait=0&${since(cursor)}`)
    expect(head(poll, 'push-gap')).toEqual(['unknown-cursor'])
  })

  test.for(['1:1.', '1:1.a-b', '1:1.a.b', `1:1.${'a'.repeat(65)}`])('%s is rejected', async (cursor, { serve }) => {
    const { url } = await serve()
    expect((await fetch(`${url}a?wait=0&${since(cursor)}`)).status).toBe(400)
  })

  test('of a stream whose messages expired advances with the gap, never before it', async ({ serve }) => {
    const { hub, url } = await serve({ history: { count: 1 } })
    const [one = ''] = ['one', 'two', 'three'].map((body) => hub.publish('a', body).id)
    const { until, leave } = await answered(`${url}a?${since(one)}`, { accept: 'text/event-stream' })
    const text = await until(/three/)
    expect(text.indexOf('id:')).toBeGreaterThan(text.indexOf('push.open'))
    expect(text).toMatch(/id: \S+\nevent: push\.gap/)
    leave()
  })
})

describe('a wall clock that is set', () => {
  const { useFakeTimers, setSystemTime, useRealTimers } = vi
  const published = async (url: string) => (await fetch(`${url}a`, { method: 'POST', body: 'x' })).status

  test.for([-3_600_000, 3_600_000])(
    'by %d ms changes neither rates, ages nor the order of ids',
    async (by, { serve }) => {
      useFakeTimers({ toFake: ['Date'] })
      try {
        const { hub, url } = await serve({ maxPublishRate: 5, heartbeat: 20 })
        const { id } = hub.publish('a', 'before')
        for (let n = 0; n < 5; n += 1) await published(url)
        setSystemTime(Date.now() + by)
        while ((await published(url)) === 429) await new Promise(setImmediate)
        hub.publish('a', 'after')
        const poll = await fetch(`${url}a?wait=0&${since(id)}`)
        expect(head(poll, 'push-gap')).toEqual([null])
        expect(await poll.text()).toMatch(/x[^]*after/)
      } finally {
        useRealTimers()
      }
    },
  )

  test('back, by `now` too: no publisher waits until it catches up', async ({ serve }) => {
    let now = 1_700_000_000_000
    const { url } = await serve({ maxPublishRate: 2, now: () => now })
    expect([await published(url), await published(url), await published(url)]).toEqual([202, 202, 429])
    now -= 60_000
    expect(await published(url)).toBe(429)
    now += 500
    expect([await published(url), await published(url)]).toEqual([202, 429])
  })

  test('by `now` to an invalid time counts as no time, and a hub does not start with it', async ({ serve }) => {
    let now = 1_700_000_000_000
    const { hub } = await serve({ now: () => now })
    const { id } = hub.publish('a', 'one')
    now = Number.NaN
    const [seconds, rest = ''] = hub.publish('a', 'two').id.split(':')
    const [before, counter = ''] = id.split(':')
    expect([seconds, Number.parseInt(rest)]).toEqual([before, Number.parseInt(counter) + 1])
    expect(() => createHub({ now: () => now })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })
})

describe('a channel that is not used', () => {
  test('leaves nothing behind, with every technique', async ({ serve, frames }) => {
    const { hub, url } = await serve({ maxChannels: 1 })
    for (let n = 0; n < 20; n += 1) {
      const name = `quiet${n}`
      const first = await fetch(`${url}${name}`)
      await fetch(`${url}${name}?wait=0&${since(place(first))}`)
      const { until, leave } = await answered(`${url}${name}`, { accept: 'text/event-stream' })
      await until(/open/)
      leave()
      while (hub.state(name)) await new Promise(setImmediate)
      const { socket, next } = frames(`${url}${name}`)
      await next()
      socket.terminate()
      while (hub.state(name)) await new Promise(setImmediate)
    }
    expect(hub.publish('mine', 'one')).toMatchObject({ subscribers: 0 })
  })

  test('can be polled for any time without a gap, and no message is lost', async ({ serve }) => {
    let now = 1_700_000_000_000
    const { hub, url } = await serve({ now: () => now, heartbeat: 5, history: { age: 1_000 } })
    let cursor = place(await fetch(`${url}quiet?wait=0`))
    for (let n = 0; n < 10; n += 1) {
      // Others come and go meanwhile.
      hub.publish(`busy${n}`, 'x')
      now += 600
      while (n > 2 && hub.state(`busy${n - 2}`)) await new Promise(setImmediate)
      const poll = await fetch(`${url}quiet?wait=0&${since(cursor)}`)
      expect([poll.status, ...head(poll, 'push-gap')]).toEqual([304, null])
      cursor = place(poll)
    }
    expect(hub.state('quiet')).toBeUndefined()
    hub.publish('quiet', 'one')
    const poll = await fetch(`${url}quiet?wait=0&${since(cursor)}`)
    expect([await poll.text(), ...head(poll, 'push-gap')]).toEqual(['one', null])
  })

  test('can be streamed for any time, and resumed without a gap', async ({ serve }) => {
    let now = 1_700_000_000_000
    const { hub, url } = await serve({ now: () => now, heartbeat: 5, history: { age: 1_000 } })
    const { until, leave } = await answered(`${url}quiet`, { accept: 'text/event-stream' })
    await until(/push\.open/)
    const { id } = hub.publish('busy', 'x')
    now += 10_000
    while (hub.state('busy')) await new Promise(setImmediate)
    const text = await until(new RegExp(`id: ${id}\nevent: push\\.ping`))
    const cursor = /[^]*id: (\S+)\n/.exec(text)?.[1] ?? ''
    leave()
    while (hub.state('quiet')) await new Promise(setImmediate)
    const poll = await fetch(`${url}quiet?wait=0&${since(cursor)}`)
    expect([poll.status, ...head(poll, 'push-gap')]).toEqual([304, null])
  })

  test('causes a gap for a subscriber that was away for longer than its messages were kept', async ({ serve }) => {
    let now = 1_700_000_000_000
    const { hub, url } = await serve({ now: () => now, heartbeat: 5, history: { age: 1_000 } })
    const { id } = hub.publish('a', 'one')
    hub.publish('a', 'two')
    now += 10_000
    while (hub.state('a')) await new Promise(setImmediate)
    const poll = await fetch(`${url}a?wait=0&${since(id)}`)
    expect([poll.status, ...head(poll, 'push-gap')]).toEqual([304, 'history-expired'])
  })
})

describe('room', () => {
  const post = async (url: string, body = 'x') => (await fetch(url, { method: 'POST', body })).status

  test('is made for the application: a channel without subscribers that only requests published to is removed', async ({
    serve,
  }) => {
    const { hub, url } = await serve({ maxChannels: 3 })
    const read = await answered(`${url}read`, { accept: 'text/event-stream' })
    await read.until(/open/)
    const before = hub.cursor('old')
    expect([await post(`${url}old`), await post(`${url}new`)]).toEqual([202, 202])
    expect(await post(`${url}read`)).toBe(201)
    hub.publish('mine', 'one')
    expect(['read', 'old', 'new', 'mine'].map((name) => hub.state(name)?.messages)).toEqual([1, undefined, 1, 1])
    const gone = await fetch(`${url}old?wait=0&${since(before)}`)
    expect([gone.status, ...head(gone, 'push-gap')]).toEqual([304, 'history-expired'])
    read.leave()
  })

  test('is left for the application if clients subscribe to as many channels as are allowed', async ({ serve }) => {
    const { hub, url } = await serve({ maxChannels: 2 })
    const readers = [
      await answered(`${url}a`, { accept: 'text/event-stream' }),
      await answered(`${url}b`, { accept: 'text/event-stream' }),
    ]
    for (const { until } of readers) await until(/open/)
    expect([await post(`${url}a`), await post(`${url}b`), await post(`${url}c`)]).toEqual([201, 201, 503])
    for (const name of ['a', 'too']) hub.publish(name, 'one')
    await readers[0]?.until(/one/)
    expect(() => hub.publish('three', 'one')).toThrow(expect.objectContaining({ code: 'too-many-channels' }))
    for (const { leave } of readers) leave()
  })

  test('for history is taken from channels of requests first', async ({ serve }) => {
    const { hub, url } = await serve({ maxHistoryBytes: 1_500 })
    hub.publish('mine', 'x'.repeat(400))
    await post(`${url}theirs`, 'y'.repeat(400))
    hub.publish('also', 'z'.repeat(100))
    expect(['mine', 'theirs', 'also'].map((name) => hub.state(name)?.messages)).toEqual([1, 0, 1])
  })

  test('of expired messages is released, in every way in which they expire', async ({ serve }) => {
    let now = 1_700_000_000_000
    const { hub, url } = await serve({ now: () => now, history: { age: 1_000 }, maxHistoryBytes: 2_000 })
    for (let n = 0; n < 10; n += 1) {
      hub.publish('a', 'x'.repeat(400))
      now += 1_001
      await fetch(`${url}a?wait=0`)
    }
    hub.publish('a', 'one')
    hub.publish('a', 'two')
    expect(hub.state('a')?.messages).toBe(2)
  })
})

test('a poll that waits in a channel without messages receives its end, and then its next epoch', async ({ serve }) => {
  const { hub, url } = await serve()
  const poll = fetch(`${url}a?${since(hub.cursor('a'))}`)
  while (!hub.state('a')) await new Promise(setImmediate)
  hub.delete('a')
  expect((await poll).status).toBe(410)
  const cursor = place(await fetch(`${url}a`))
  const { id } = hub.publish('a', 'one')
  expect(life(id)).toBe(life(cursor))
  const next = await fetch(`${url}a?wait=0&${since(cursor)}`)
  expect([await next.text(), ...head(next, 'push-gap')]).toEqual(['one', null])
})
