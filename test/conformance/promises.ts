import { expect } from 'vitest'
import { BehaviorSubject, NEVER, of } from 'rxjs'
import { backoff, defineChannel, nchan, pageLife, plain } from 'pinia-push/observables'
import { combination } from './combination.ts'
import type { Engine } from './engines.ts'
import { eventually, readChannel, status, story, test } from './fixtures.ts'
import type { Row } from './rows.ts'
import type { ServerKind } from '../servers/control-client.ts'

const texts = (...data: string[]) => data.map((each) => ({ data: each }))
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at))

/** Text that breaks careless framing. */
const AWKWARD = [
  'line\nline',
  'carriage\r\nreturn\rhere',
  'separator\u2028and\u2029paragraph',
  '\uFEFFbyte order mark',
  'astral 😀 e\u0301 ユニコード',
  '\0nul',
  ' leading and trailing ',
  'id: 9:9',
  'data: forged\n\ndata: twice',
  '</script><!--',
  '\n\n',
]

/** What a publisher might send to pass for the server. */
const FORGERIES = [
  'id: 99999999999:1\n\nforged',
  'push: end\n\n{}',
  'event: push.end\ndata: {}\n\n',
  'event: push.gap\nid: 1:1\ndata: {"reason":"forged"}\n\n',
  '\r\n--boundary--\r\n',
  '--\r\nEtag: 1\r\nLast-Modified: Thu, 01 Jan 1970 00:00:01 GMT\r\n\r\nforged',
  ':410: 410 Gone\n\n',
  '{"base64":"Zm9yZ2Vk"}',
  'HTTP/1.1 410 Gone\r\nPush-End: 1\r\n\r\n',
]

/** The promises of this library, for one technique on one server. */
export function everyTechnique(row: Row, engine: Engine, server: ServerKind = 'hub') {
  combination({ technique: row.name, server, engine }, (limit) => {
    const silent = limit('heartbeats') !== undefined
    const counted = limit('readers') === undefined

    test('delivers every message once, in order', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts(...numbers(0, 300)), { every: 1, batch: 10 })
      await reader.gets('299')
      expect(reader.data).toEqual(numbers(0, 300))
      expect(reader.count('gap')).toBe(0)
    })

    test('delivers awkward text as it is, however the network cuts it', async ({ serve, read }) => {
      const server = await serve()
      await server.fault({ split: 1 })
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts(...AWKWARD, 'last'))
      await reader.gets('last')
      expect(reader.data).toEqual([...AWKWARD, 'last'])
    })

    test('delivers a message of nothing', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts(''))
      await reader.gets('')
      await server.publish('a', texts('', 'last'))
      await reader.gets('last')
      expect(reader.data).toEqual(['', '', 'last'])
      expect(reader.count('waiting')).toBe(0)
    })

    test('delivers a megabyte as it is', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      const big = '0123456789abcdé\n'.repeat(62_500)
      await server.publish('a', texts(big, 'last'))
      await reader.gets('last')
      // Compared by where they differ first: a diff of a megabyte helps nobody.
      const [got = ''] = reader.data
      expect({ length: got.length, differs: [...big].findIndex((character, at) => got[at] !== character) }).toEqual({
        length: big.length,
        differs: -1,
      })
    })

    test('delivers bytes as they are', async ({ serve, client }) => {
      const server = await serve()
      const bytes = defineChannel({ url: `${server.url}a`, binary: true })
      const reader = readChannel(client(row).channel(bytes()))
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', [{ base64: 'AAH/gA0KDQo=' }])
      const { data } = await reader.sees('message')
      expect([...data]).toEqual([0, 1, 255, 128, 13, 10, 13, 10])
    })

    test('lets no payload pass for a frame, an id, a gap or an end', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts(...FORGERIES, 'last'))
      await reader.gets('last')
      expect(reader.data).toEqual([...FORGERIES, 'last'])
      expect(reader.events.filter(({ type }) => type === 'gap' || type === 'closed')).toEqual([])
      // Nor can one move the place from which a new connection goes on.
      await server.fault({ drop: true })
      await server.publish('a', texts('after'))
      await reader.gets('after')
      expect(reader.data).toEqual([...FORGERIES, 'last', 'after'])
    })

    test('says open before the first message', async ({ serve, read }) => {
      const server = await serve({ firstMessage: 'oldest' })
      await server.publish('a', texts('kept'))
      const reader = read(row, `${server.url}a`)
      await reader.gets('kept')
      expect(reader.events.map(({ type }) => type)).toEqual(['connecting', 'open', 'message'])
    })

    test('resumes without loss or repeat after a drop', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.fault({ refuse: true, drop: true })
      await reader.sees('waiting')
      await server.publish('a', texts('two', 'three'))
      await server.fault({ resume: true })
      await reader.gets('three')
      expect(reader.data).toEqual(['one', 'two', 'three'])
      expect(reader.count('gap')).toBe(0)
    })

    test('loses nothing when it is dropped before the first message', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      // The first sign of life carries the place; with the streams it follows `open`.
      await eventually(server.stats, ({ bytesDown }) => bytesDown > 0)
      await server.publish('b', texts('elsewhere'))
      await server.fault({ refuse: true, drop: true })
      await server.publish('a', texts('meanwhile'))
      await reader.sees('waiting')
      await server.fault({ resume: true })
      await reader.gets('meanwhile')
      expect(reader.events.filter(({ type }) => type === 'gap' || type === 'message')).toEqual([
        expect.objectContaining({ data: 'meanwhile' }),
      ])
    })

    test('moves along to the next base where the first cannot be reached, and loses nothing', async ({
      serve,
      read,
    }) => {
      const server = await serve()
      const reader = read(row, 'a', { base: [server.url, server.directUrl] })
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.fault({ refuse: true, drop: true })
      await server.publish('a', texts('two'))
      await reader.gets('two')
      expect([reader.channel.url, story(reader.events)]).toEqual([`${server.url}a`, ['one', 'two']])
    })

    test('proves a connection alive or makes it anew at once when the host is online again', async ({
      serve,
      read,
    }) => {
      const server = await serve()
      const offline$ = new BehaviorSubject(false)
      const signals = { hidden$: of(false), offline$, left$: of(false), thawed$: NEVER }
      // A poll may be put on the connection of the one before it, by the host: that is noticed as any hang is.
      const reader = read(row, `${server.url}a`, { life: pageLife({ signals }), openWithin: 1_000 })
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      offline$.next(true)
      // What is open is a link into the void from now on; what is opened later is none.
      await server.fault({ strand: true })
      await server.publish('a', texts('two'))
      const began = performance.now()
      offline$.next(false)
      await reader.gets('two')
      expect(performance.now() - began).toBeLessThan(2_000)
      expect(story(reader.events)).toEqual(['one', 'two'])
    })

    if (row.seesParts) {
      test('does not take a message for silence that is still arriving', async ({ serve, read }) => {
        const server = await serve({ heartbeat: 250 })
        const reader = read(row, `${server.url}a`, { timeout: 750 })
        await reader.sees('open', ({ presumed }) => !presumed)
        await server.publish('a', texts('first'))
        await reader.gets('first')
        // A megabyte takes two seconds so, twice of what a silence may last.
        await server.fault({ split: 16_384, slow: 35 })
        const big = '0123456789abcdef'.repeat(62_500)
        await server.publish('a', texts(big))
        const began = performance.now()
        await reader.sees('message', ({ data }) => data.length === big.length)
        expect(performance.now() - began).toBeGreaterThan(1_500)
        expect(reader.count('waiting')).toBe(0)
      })
    }

    test('says why it waits, how long and for which attempt', async ({ serve, read }) => {
      const server = await serve()
      await server.fault({ refuse: true })
      // Where a page is not told that nobody is there, it is noticed as a hang is.
      const told = limit('refusals') === undefined
      const reader = read(row, `${server.url}a`, told ? {} : { openWithin: 300 })
      const { error, delay, attempt, retryAt } = await reader.sees('waiting', (event) => event.attempt === 2)
      expect(error).toMatchObject({ name: 'PushError', code: told ? 'unreachable' : 'timeout', retryable: true })
      expect({ attempt, delay: delay <= 50, ahead: retryAt > 0 }).toEqual({ attempt: 2, delay: true, ahead: true })
    })

    test('notices a connection that stalls, and goes on elsewhere without loss', async ({ serve, read }) => {
      const server = await serve({ heartbeat: 1_000 })
      // What has no heartbeat is made anew unseen, and that is noticed.
      const rotation = silent ? { rotateAfter: 500, openWithin: 500 } : {}
      const reader = read(row, `${server.url}a`, { timeout: 300, ...rotation })
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.fault({ stall: true })
      await server.publish('a', texts('two'))
      const { error } = await reader.sees('waiting')
      expect(error.code).toBe(silent ? 'timeout' : 'silent')
      await server.fault({ resume: true })
      await reader.gets('two')
      expect(reader.data).toEqual(['one', 'two'])
    })

    test('notices a server that accepts and never answers', async ({ serve, read }) => {
      const server = await serve()
      await server.fault({ hang: true })
      const reader = read(row, `${server.url}a`, { openWithin: 300 })
      const { error } = await reader.sees('waiting')
      expect(error.code).toBe('timeout')
      await server.fault({ resume: true })
      await reader.sees('open')
    })

    test('keeps a quiet connection open by heartbeats', async ({ serve, read }) => {
      const server = await serve({ heartbeat: 250 })
      const reader = read(row, `${server.url}a`, { timeout: 750, ...(silent && { rotateAfter: 200 }) })
      await reader.sees('open', ({ presumed }) => !presumed)
      const { bytesDown, connections } = await server.stats()
      await eventually(server.stats, (stats) =>
        silent ? stats.connections > connections : stats.bytesDown > bytesDown + 50,
      )
      expect(reader.events.filter(({ type }) => type === 'waiting')).toEqual([])
    })

    test('loses nothing behind a proxy that holds answers back', async ({ serve, read }) => {
      const server = await serve({ heartbeat: 500 })
      const reader = read(row, `${server.url}a`, { timeout: 500 })
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.fault({ buffer: true })
      await server.publish('a', texts('one', 'two'))
      await server.fault({ buffer: false })
      await reader.gets('two')
      expect(reader.data).toEqual(['one', 'two'])
    })

    test('says gap when the server no longer keeps what came in between', async ({ serve, read }) => {
      const server = await serve({ history: { count: 3 } })
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.fault({ refuse: true, drop: true })
      await reader.sees('waiting')
      await server.publish('a', texts(...numbers(0, 10)))
      await server.fault({ resume: true })
      await reader.gets('9')
      expect(story(reader.events)).toEqual(['one', 'gap expired', '7', '8', '9'])
    })

    test('says gap when its place lies in the future, and goes on from now', async ({ serve, client }) => {
      const server = await serve()
      await server.publish('a', texts('kept'))
      const later = { space: 'nchan', value: `${Math.floor(Date.now() / 1_000) + 3_600}:0`, opened: true }
      const text = defineChannel({ url: `${server.url}a`, decode: (raw) => raw })
      const reader = readChannel(client(row, { openWithin: 1_500 }).channel(text()), later)
      await reader.sees('gap')
      await eventually(server.stats, () => reader.channel.status === 'open')
      await server.publish('a', texts('new'))
      await reader.gets('new')
      expect(story(reader.events)[0]).toMatch(/^gap (unknown|expired)$/)
      expect(reader.data.filter((data) => data !== 'kept')).toEqual(['new'])
      reader.leave()
    })

    test('says gap when the server was started anew', async ({ serve, read, skip }) => {
      skip(limit('loss') !== undefined, limit('loss'))
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.restart()
      await reader.sees('gap')
      await server.publish('a', texts('two'))
      await reader.gets('two')
      expect(story(reader.events)).toEqual(['one', 'gap expired', 'two'])
    })

    test('is closed when the channel ends, and open() begins it anew', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.end('a')
      expect(await reader.sees('closed')).toEqual({ type: 'closed', by: 'server' })
      reader.channel.open()
      await status(reader.channel, 'open')
      await server.publish('a', texts('two'))
      await reader.gets('two')
    })

    test('shares one connection among its readers, who see the same order', async ({ serve, client }) => {
      const server = await serve()
      const push = client(row)
      const definition = defineChannel({ url: `${server.url}a`, decode: (raw) => raw })
      const readers = [1, 2, 3].map(() => readChannel(push.channel(definition())))
      await readers[0]?.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts(...numbers(0, 50)))
      await Promise.all(readers.map((reader) => reader.gets('49')))
      for (const reader of readers) {
        expect(reader.data).toEqual(numbers(0, 50))
        reader.leave()
      }
      expect(counted ? (await server.stats()).subscribers : 0).toBeLessThanOrEqual(1)
    })

    test('a message that cannot be decoded is an event, and the channel goes on', async ({ serve, client }) => {
      const server = await serve()
      const json = defineChannel<{ n: number }>({ url: `${server.url}a` })
      const reader = readChannel(client(row).channel(json()))
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', texts('{"n":1}', '{broken', '{"n":2}'))
      await reader.sees('message', ({ data }) => data.n === 2)
      expect(reader.data).toEqual([{ n: 1 }, { n: 2 }])
      expect(await reader.sees('invalid')).toMatchObject({ error: { code: 'invalid-message' }, raw: '{broken' })
    })

    test.for(['connecting', 'open', 'waiting'] as const)(
      'leaves nothing behind when left while %s',
      async (phase, { serve, read }) => {
        const server = await serve()
        if (phase === 'connecting') await server.fault({ hang: true })
        if (phase === 'waiting') await server.fault({ refuse: true })
        const reader = read(row, `${server.url}a`, { retry: backoff({ base: 60_000, max: 60_000 }) })
        if (phase === 'connecting') await eventually(server.stats, ({ open }) => open > 0)
        else await reader.sees(phase)
        reader.leave()
        expect(reader.channel.status).toBe('idle')
        await server.fault({ resume: true })
        const { requests } = await eventually(server.stats, ({ subscribers }) => subscribers === 0 || !counted)
        await server.publish('a', texts('unread'))
        expect({ data: reader.data, requests: (await server.stats()).requests - requests }).toEqual({
          data: [],
          requests: 0,
        })
      },
    )

    test('prepares every attempt anew, so that a token is always fresh', async ({ serve, read }) => {
      const server = await serve()
      let tokens = 0
      const prepare = async () => ({ query: { token: String((tokens += 1)) } })
      const reader = read(row, `${server.url}a`, { prepare })
      await reader.sees('open', ({ presumed }) => !presumed)
      expect(tokens).toBe(1)
      await server.fault({ refuse: true, drop: true })
      await reader.sees('waiting')
      await server.fault({ resume: true })
      await status(reader.channel, 'open')
      // A ladder makes an attempt of its own on each rung.
      expect(tokens).toBeGreaterThanOrEqual(1 + reader.count('waiting'))
    })

    test('sends what a definition lets it send', async ({ serve, client }) => {
      const server = await serve()
      const chat = defineChannel<Anything, string>({ url: `${server.url}a`, sends: anything, decode: (raw) => raw })
      const reader = readChannel(client(row).channel(chat()))
      // Before it is open: it waits.
      await reader.channel.send({ hello: 'there' } as never)
      await reader.gets('{"hello":"there"}')
      reader.leave()
    })

    if (row.headers) {
      test('carries the headers that prepare gives', async ({ script, read }) => {
        const server = await script()
        await server.answers([
          { status: 503, headers: { 'access-control-allow-headers': '*', 'access-control-allow-origin': '*' } },
        ])
        const reader = read(row, `${server.url}a`, { prepare: () => ({ headers: { Authorization: 'Bearer x' } }) })
        await reader.sees('waiting', ({ error }) => error.code === 'unavailable')
        const asked = await server.requests()
        expect(asked.find(({ method }) => method === 'GET')?.headers['authorization']).toBe('Bearer x')
      })
    } else {
      test('says that it cannot carry headers, instead of dropping them', async ({ serve, read }) => {
        const server = await serve()
        const reader = read(row, `${server.url}a`, { prepare: () => ({ headers: { Authorization: 'Bearer x' } }) })
        expect((await reader.sees('failed')).error.code).toBe('headers-unsupported')
      })
    }

    if (row.seesStatus) statuses(row)
    if (!row.streams) polls(row)
  })
}

/** What is promised where statuses can be seen. */
function statuses(row: Row) {
  const head = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' }

  test('does what the table of its dialect says for each status, and can be opened again', async ({ script, read }) => {
    for (const dialect of [nchan(), plain()]) {
      for (const code of [400, 401, 403, 404, 410, 412, 429, 500, 501, 503]) {
        const server = await script()
        await server.answers([{ status: code, headers: head, body: 'because' }])
        const reader = read(row, `${server.url}a`, { dialect, retry: backoff({ base: 60_000, max: 60_000 }) })
        const verdict = dialect.statuses[code] ?? dialect.statuses[code < 500 ? '4xx' : '5xx']
        const { error } = verdict === 'final' ? await reader.sees('failed') : await reader.sees('waiting')
        expect({ dialect: dialect.name, status: code, code: error.code, message: error.message }).toEqual({
          dialect: dialect.name,
          status: code,
          code: { final: 'refused', retry: 'unavailable', gap: 'cursor-lost' }[verdict as 'final' | 'retry' | 'gap'],
          message: `${server.url}a answered ${code}: because`,
        })
        await server.answers([{ status: 503, headers: head }])
        reader.channel.open()
        await reader.sees('waiting', (event) => event.error.status === 503)
        reader.leave()
      }
    }
  })

  test('waits as long as Retry-After asks', async ({ script, read }) => {
    const server = await script()
    await server.answers([{ status: 503, headers: { ...head, 'retry-after': '7' } }])
    const { delay } = await read(row, `${server.url}a`).sees('waiting')
    expect(delay).toBeGreaterThanOrEqual(7_000)
    expect(delay).toBeLessThanOrEqual(7_050)
  })

  test.for([
    ['a date', (): string => new Date(Date.now() + 3_600_000).toUTCString(), 3_595_000, 3_601_050],
    ['a date that is past', (): string => 'Thu, 01 Jan 1970 00:00:01 GMT', 0, 50],
    ['more than a timer holds', (): string => '9'.repeat(400), 2 ** 31 - 1, 2 ** 31 - 1],
    ['less than nothing', (): string => '-7', 0, 50],
    ['no time at all', (): string => 'soon', 0, 50],
  ] as const)('takes a Retry-After of %s for what it is', async ([, value, least, most], { script, read }) => {
    const server = await script()
    await server.answers([{ status: 429, headers: { ...head, 'retry-after': value() } }])
    const { delay } = await read(row, `${server.url}a`).sees('waiting')
    expect(delay).toBeGreaterThanOrEqual(least)
    expect(delay).toBeLessThanOrEqual(most)
  })

  test('asks once more, with what was prepared anew, where who asks was refused', async ({ script, read }) => {
    for (const status of [401, 403]) {
      const server = await script()
      await server.answers([
        { status, headers: head },
        { status: 503, headers: head },
      ])
      let prepared = 0
      const prepare = () => ({ query: { token: String((prepared += 1)) } })
      const reader = read(row, `${server.url}a`, { prepare, retry: backoff({ base: 60_000, max: 60_000 }) })
      await reader.sees('waiting', ({ error }) => error.code === 'unavailable')
      const asked = (await server.requests()).filter(({ method }) => method === 'GET')
      expect(asked.map(({ url }) => new URL(url, server.url).searchParams.get('token'))).toEqual(['1', '2'])
      expect(await reader.sees('waiting')).toMatchObject({ delay: 0, error: { code: 'refused', status } })

      await server.answers([{ status, headers: head }])
      reader.channel.open()
      expect((await reader.sees('failed')).error).toMatchObject({ code: 'refused', status })
      expect(prepared).toBe(3)
      reader.leave()
    }
  })

  test('takes a page of a captive portal for no stream, and tries again', async ({ script, read }) => {
    if (!row.streams) return
    const server = await script()
    await server.answers([{ status: 200, headers: { ...head, 'content-type': 'text/html' }, body: '<h1>Log in</h1>' }])
    const { error } = await read(row, `${server.url}a`).sees('waiting')
    expect(error.code).toBe('unexpected-answer')
  })
}

/** What is promised of techniques that ask again and again. */
function polls(row: Row) {
  const head = {
    'access-control-allow-origin': '*',
    'access-control-expose-headers': '*',
    'content-type': 'text/plain',
  }

  test('never asks in a tight loop, even where every answer comes at once and brings nothing', async ({
    script,
    read,
  }) => {
    const server = await script()
    await server.answers([
      {
        status: 200,
        headers: { ...head, 'content-length': '0', etag: '1', 'last-modified': 'Thu, 01 Jan 1970 00:00:01 GMT' },
      },
    ])
    read(row, `${server.url}a`)
    const asked = await eventually(server.requests, (requests) => requests.length >= 4)
    // The first answer may be followed at once, because it is the first to tell a place. A question may be late on its way,
    // and the next is none the later; a tight loop would be far below.
    const [, second = 0, , fourth = 0] = asked.map(({ at }) => at)
    expect(fourth - second).toBeGreaterThanOrEqual(row.spacing)
  })

  // Chromium takes a head that was cut for a whole one, and its body for empty.
  test.for([
    ['behind its length', 'Content-Length: 5\r\nLast-Modified: Thu, 01 Jan 1970 00:00:09 GMT\r\nEtag: 12'],
    ['before its length', 'Last-Modified: Thu, 01 Jan 1970 00:00:09 GMT\r\nEtag: 12\r\n'],
  ] as const)('takes an answer that was cut in its head, %s, for no message', async ([, rest], { script, read }) => {
    const server = await script()
    const begin = 'Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: *\r\nContent-Type: text/plain\r\n'
    await server.answers([
      { cut: `HTTP/1.1 200 OK\r\n${begin}${rest}` },
      { headers: { ...head, etag: '123', 'last-modified': 'Thu, 01 Jan 1970 00:00:09 GMT' }, body: 'whole' },
    ])
    const reader = read(row, `${server.url}a`)
    await reader.gets('whole')
    expect(reader.data).toEqual(['whole'])
    expect((await reader.sees('waiting')).error.retryable).toBe(true)
  })

  test('takes no earlier place from an answer that was cut in its head', async ({ script, read }) => {
    const server = await script()
    const begin = 'Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: *\r\n'
    const modified = 'Thu, 01 Jan 1970 00:00:09 GMT'
    await server.answers([
      { headers: { ...head, etag: '123', 'last-modified': modified }, body: 'one' },
      { cut: `HTTP/1.1 304 Not Modified\r\n${begin}Last-Modified: ${modified}\r\nEtag: 12` },
      { headers: { ...head, etag: '124', 'last-modified': modified }, body: 'two' },
    ])
    const reader = read(row, `${server.url}a`)
    await reader.gets('two')
    const asked = (await server.requests()).filter(({ method }) => method === 'GET').slice(1)
    // From there, or from just before it, to prove that nothing fell between.
    const from = asked.map(({ url }) => new URL(url, server.url).searchParams.get('last_event_id'))
    expect(from.filter((cursor) => cursor !== '9:122')).toEqual(expect.arrayContaining(['9:123']))
    expect(new Set(from).has('9:12')).toBe(false)
  })

  test('lets no cache answer for the server', async ({ script, read }) => {
    const server = await script()
    const cached = { ...head, 'cache-control': 'max-age=600', 'last-modified': 'Thu, 01 Jan 1970 00:00:01 GMT' }
    await server.answers(
      ['one', 'two', 'three'].map((body, at) => ({ status: 200, headers: { ...cached, etag: String(at) }, body })),
    )
    const reader = read(row, `${server.url}a`)
    await reader.gets('three')
    expect(reader.data).toEqual(['one', 'two', 'three'])
  })
}

/** A schema that lets everything through. */
const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const
type Anything = typeof anything
