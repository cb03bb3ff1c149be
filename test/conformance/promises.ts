import { expect } from 'vitest'
import { BehaviorSubject, NEVER, of } from 'rxjs'
import { backoff, defineChannel, nchan, pageLifecycle, standard } from 'pinia-push/observables'
import { virtualTime } from 'pinia-push/testing'
import { combination, type Asked } from './combination.ts'
import type { Engine } from './engines.ts'
import { eventually, heard, readChannel, status, story } from './fixtures.ts'
import type { Row } from './rows.ts'
import type { ServerKind } from '../servers/control-client.ts'

const texts = (...data: string[]) => data.map((each) => ({ data: each }))
/** Limits that no test lasts for, in ms. */
const UNHURRIED = { connectTimeout: 3_600_000, heartbeatGrace: 3_600_000, idleReconnectAfter: 3_600_000 }
/** Where a server does not say that a place is gone, it is given up after so long; a poll that waits is open before. */
const PROVED_SOON = { connectTimeout: 1_500 }
const PATIENT = { retry: backoff({ initialDelay: 60_000, maxDelay: 60_000 }) }
/** The longest delay of the suite's clients, in ms (`fixtures.ts`). */
const MOST_DELAY = 50

/**
 * What a status means that refuses a connection, by RFC 9110 section 15, RFC 6585, RFC 7725 and RFC 8470: no for good, not
 * now, or no such place. 407 is a proxy's, 408 is asked again by browsers themselves, 410 is not now in PROTOCOL.md alone.
 */
const REFUSALS = {
  400: 'rejected',
  401: 'unauthorized',
  402: 'rejected',
  403: 'unauthorized',
  404: 'rejected',
  405: 'rejected',
  406: 'rejected',
  409: 'rejected',
  410: 'unavailable',
  411: 'rejected',
  412: 'cursor-lost',
  413: 'rejected',
  414: 'rejected',
  415: 'rejected',
  416: 'rejected',
  417: 'rejected',
  421: 'rejected',
  422: 'rejected',
  423: 'rejected',
  424: 'rejected',
  425: 'unavailable',
  426: 'rejected',
  428: 'rejected',
  429: 'unavailable',
  431: 'rejected',
  451: 'rejected',
  499: 'rejected',
  500: 'unavailable',
  501: 'rejected',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
  505: 'rejected',
  506: 'unavailable',
  507: 'unavailable',
  508: 'unavailable',
  510: 'unavailable',
  511: 'unavailable',
  599: 'unavailable',
} as const
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
  combination({ technique: row.name, server, engine }, (asked) => {
    const { limit, library, host, wire, loss } = asked
    const silent = limit('heartbeats') !== undefined
    const counted = limit('readers') === undefined
    // The hub knows the cursors of its own life; Nchan tells no lives apart.
    const restarted = server === 'hub' ? 'unknown-cursor' : 'history-expired'

    wire('delivers every message once, in order', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts(...numbers(0, 300)), { every: 1, batch: 10 })
      await reader.gets('299')
      expect(reader.data).toEqual(numbers(0, 300))
      expect(reader.count('gap')).toBe(0)
    })

    wire('delivers awkward text as it is, however the network cuts it', async ({ serve, read }) => {
      const server = await serve()
      await server.fault({ split: 1 })
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts(...AWKWARD, 'last'))
      await reader.gets('last')
      expect(reader.data).toEqual([...AWKWARD, 'last'])
    })

    wire('delivers a message of nothing', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts(''))
      await reader.gets('')
      await server.publish('a', texts('', 'last'))
      await reader.gets('last')
      expect(reader.data).toEqual(['', '', 'last'])
      expect(reader.count('reconnecting')).toBe(0)
    })

    host('delivers a megabyte as it is', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
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

    wire('delivers bytes as they are', async ({ serve, client }) => {
      const server = await serve()
      const bytes = defineChannel({ url: `${server.url}a`, binary: true })
      const reader = readChannel(client(row).channel(bytes()))
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', [{ base64: 'AAH/gA0KDQo=' }])
      const { data } = await reader.sees('message')
      expect([...data]).toEqual([0, 1, 255, 128, 13, 10, 13, 10])
    })

    wire('lets no payload pass for a frame, an id, a gap or an end', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
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

    library('says open before the first message', async ({ serve, read }) => {
      const server = await serve({ startFrom: 'oldest' })
      await server.publish('a', texts('kept'))
      const reader = read(row, `${server.url}a`)
      await reader.gets('kept')
      expect(reader.events.map(({ type }) => type)).toEqual(['connecting', 'open', 'message'])
    })

    wire('resumes without loss or repeat after a drop', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.fault({ refuse: true, drop: true })
      await reader.sees('reconnecting')
      await server.publish('a', texts('two', 'three'))
      await server.fault({ resume: true })
      await reader.gets('three')
      expect(reader.data).toEqual(['one', 'two', 'three'])
      expect(reader.count('gap')).toBe(0)
    })

    host('loses nothing when it is dropped before the first message', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      // The first sign of life carries the place; with the streams it follows `open`.
      await eventually(server.stats, ({ bytesDown }) => bytesDown > 0)
      await server.publish('b', texts('elsewhere'))
      await server.fault({ refuse: true, drop: true })
      await server.publish('a', texts('meanwhile'))
      await reader.sees('reconnecting')
      await server.fault({ resume: true })
      await reader.gets('meanwhile')
      expect(reader.events.filter(({ type }) => type === 'gap' || type === 'message')).toEqual([
        expect.objectContaining({ data: 'meanwhile' }),
      ])
    })

    library(
      'moves along to the next base where the first cannot be reached, and loses nothing',
      async ({ serve, read }) => {
        const server = await serve()
        const reader = read(row, 'a', { baseUrl: [server.url, server.directUrl] })
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        await server.publish('a', texts('one'))
        await reader.gets('one')
        await server.fault({ refuse: true, drop: true })
        await server.publish('a', texts('two'))
        await reader.gets('two')
        expect([reader.channel.url, story(reader.events)]).toEqual([`${server.url}a`, ['one', 'two']])
      },
    )

    host(
      'proves a connection alive or makes it anew at once when the host is online again',
      async ({ serve, read }) => {
        const server = await serve()
        const offline$ = new BehaviorSubject(false)
        const signals = { hidden$: of(false), offline$, left$: of(false), thawed$: NEVER }
        // Nothing else would find it out while this test lasts. Only a poll that the host put on the connection of the one
        // before it is noticed as any hang is.
        const patient = { heartbeatGrace: 3_600_000, idleReconnectAfter: 3_600_000, connectTimeout: 1_000 }
        const reader = read(row, `${server.url}a`, { lifecycle: pageLifecycle({ signals }), ...patient })
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        await server.publish('a', texts('one'))
        await reader.gets('one')
        offline$.next(true)
        // What is open is a link into the void from now on; what is opened later is none.
        await server.fault({ strand: true })
        await server.publish('a', texts('two'))
        offline$.next(false)
        await reader.gets('two')
        expect(story(reader.events)).toEqual(['one', 'two'])
      },
    )

    if (row.seesParts) {
      host('does not take a message for silence that is still arriving', async ({ serve, read }) => {
        const server = await serve()
        const time = virtualTime()
        const { technique, sign } = heard(row)
        // A silence may last for twenty seconds, and for fifteen more where the server has heartbeats.
        const reader = read({ technique }, `${server.url}a`, { heartbeatGrace: 20_000, scheduler: time })
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        await server.fault({ pass: 0 })
        const big = '0123456789abcdef'.repeat(62_500)
        await server.publish('a', texts(big))
        // A poll asks now.
        time.advance(1_000)
        for (let part = 0; part < 6; part += 1) {
          const next = sign()
          await server.fault({ pass: 100_000 })
          await next
          time.advance(15_000)
        }
        await server.fault({ resume: true })
        await reader.sees('message', ({ data }) => data.length === big.length)
        expect(reader.count('reconnecting')).toBe(0)
      })
    }

    host('says why it waits, how long and for which attempt', async ({ serve, read }) => {
      const server = await serve()
      const began = Date.now()
      await server.fault({ refuse: true })
      // Where a page is not told that nobody is there, it is noticed as a hang is.
      const told = limit('refusals') === undefined
      const reader = read(row, `${server.url}a`, told ? {} : { connectTimeout: 300 })
      const { error, delay, attempt, retryAt } = await reader.sees('reconnecting', (event) => event.attempt === 2)
      expect(error).toMatchObject({
        name: 'PushError',
        code: told ? 'network-error' : 'connect-timeout',
        retryable: true,
      })
      const saidAt = retryAt - delay
      expect({ attempt, bounded: delay <= 50, said: began <= saidAt && saidAt <= Date.now() }).toEqual({
        attempt: 2,
        bounded: true,
        said: true,
      })
    })

    host('notices a connection that stalls, and goes on elsewhere without loss', async ({ serve, read }) => {
      const server = await serve({ heartbeat: 300 })
      // What has no heartbeat is made anew unseen, and that is noticed.
      const rotation = silent ? { idleReconnectAfter: 500, connectTimeout: 500 } : {}
      const reader = read(row, `${server.url}a`, { heartbeatGrace: 300, ...rotation })
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.fault({ stall: true })
      await server.publish('a', texts('two'))
      const { error } = await reader.sees('reconnecting')
      expect(error.code).toBe(silent ? 'connect-timeout' : 'heartbeat-timeout')
      await server.fault({ resume: true })
      await reader.gets('two')
      expect(reader.data).toEqual(['one', 'two'])
    })

    host('notices a server that accepts and never answers', async ({ serve, read }) => {
      const server = await serve()
      await server.fault({ hang: true })
      const reader = read(row, `${server.url}a`, { connectTimeout: 300 })
      const { error } = await reader.sees('reconnecting')
      expect(error.code).toBe('connect-timeout')
      await server.fault({ resume: true })
      await reader.sees('open')
    })

    if (silent) {
      wire(
        'makes a quiet connection anew where it sees no heartbeats, and nobody sees that',
        async ({ serve, read }) => {
          const server = await serve()
          const reader = read(row, `${server.url}a`, { ...UNHURRIED, idleReconnectAfter: 200 })
          await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
          const { connections } = await server.stats()
          await eventually(server.stats, (stats) => stats.connections > connections)
          expect(reader.count('reconnecting')).toBe(0)
        },
      )
    } else {
      wire('keeps a quiet connection open by heartbeats', async ({ serve, read }) => {
        const server = await serve({ heartbeat: 100 })
        const time = virtualTime()
        const { technique, sign } = heard(row)
        const reader = read({ technique }, `${server.url}a`, { heartbeatGrace: 20_000, scheduler: time })
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        // No two of these steps may pass without a sign of life.
        for (let beat = 0; beat < 3; beat += 1) {
          const next = sign()
          time.advance(15_000)
          await next
        }
        expect(reader.count('reconnecting')).toBe(0)
      })
    }

    host('loses nothing behind a proxy that holds answers back', async ({ serve, read }) => {
      const server = await serve({ heartbeat: 500 })
      const reader = read(row, `${server.url}a`, { heartbeatGrace: 500 })
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.fault({ buffer: true })
      await server.publish('a', texts('one', 'two'))
      await server.fault({ buffer: false })
      await reader.gets('two')
      expect(reader.data).toEqual(['one', 'two'])
    })

    library('says gap when the server no longer keeps what came in between', async ({ serve, read }) => {
      const server = await serve({ history: { count: 3 } })
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.fault({ refuse: true, drop: true })
      await reader.sees('reconnecting')
      await server.publish('a', texts(...numbers(0, 10)))
      await server.fault({ resume: true })
      await reader.gets('9')
      expect(story(reader.events)).toEqual(['one', 'gap history-expired', '7', '8', '9'])
    })

    library('says gap when its place lies in the future, and goes on from now', async ({ serve, client }) => {
      const server = await serve()
      await server.publish('a', texts('kept'))
      const later = { namespace: 'nchan', value: `${Math.floor(Date.now() / 1_000) + 3_600}:0`, opened: true }
      const text = defineChannel({ url: `${server.url}a`, decode: (raw) => raw })
      const reader = readChannel(client(row, PROVED_SOON).channel(text()), later)
      await reader.sees('gap')
      await status(reader.channel, 'open')
      await server.publish('a', texts('new'))
      await reader.gets('new')
      expect(story(reader.events)[0]).toMatch(/^gap (unknown-cursor|history-expired)$/)
      expect(reader.data.filter((data) => data !== 'kept')).toEqual(['new'])
      reader.leave()
    })

    loss('says gap when the server was started anew', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`, PROVED_SOON)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.restart()
      await reader.sees('gap')
      await server.publish('a', texts('two'))
      await reader.gets('two')
      expect(story(reader.events)).toEqual(['one', `gap ${restarted}`, 'two'])
    })

    wire('is closed when the channel ends, and open() begins it anew', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      await server.end('a')
      expect(await reader.sees('closed')).toEqual({ type: 'closed', by: 'server' })
      expect(reader.count('gap')).toBe(0)
      reader.channel.reconnect()
      await status(reader.channel, 'open')
      await server.publish('a', texts('two'))
      await reader.gets('two')
    })

    library(
      'says gap before it has failed, where it was open once, and none where it never was',
      async ({ serve, read }) => {
        const server = await serve()
        const once = { retry: backoff({ maxRetries: 0 }) }
        const reader = read(row, `${server.url}a`, once)
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        await server.publish('a', texts('one'))
        await reader.gets('one')
        await server.fault({ refuse: true, drop: true })
        await reader.sees('failed')
        expect(story(reader.events)).toEqual(['one', 'gap not-resumed'])
        expect(reader.events.slice(-2).map(({ type }) => type)).toEqual(['gap', 'failed'])
        const late = read(row, `${server.url}a`, once)
        await late.sees('failed')
        expect(late.count('gap')).toBe(0)
      },
    )

    library('shares one connection among its readers, who see the same order', async ({ serve, client }) => {
      const server = await serve()
      const push = client(row, UNHURRIED)
      const definition = defineChannel({ url: `${server.url}a`, decode: (raw) => raw })
      const readers = [1, 2, 3].map(() => readChannel(push.channel(definition())))
      await Promise.all(readers.map((reader) => reader.sees('open', ({ unconfirmed }) => !unconfirmed)))
      await server.publish('a', texts(...numbers(0, 50)))
      await Promise.all(readers.map((reader) => reader.gets('49')))
      // As long as they read: Node may connect once more when a request was aborted.
      expect((await server.stats()).most).toBe(1)
      for (const reader of readers) {
        expect(reader.data).toEqual(numbers(0, 50))
        reader.leave()
      }
    })

    library('a message that cannot be decoded is an event, and the channel goes on', async ({ serve, client }) => {
      const server = await serve()
      const json = defineChannel<{ n: number }>({ url: `${server.url}a` })
      const reader = readChannel(client(row).channel(json()))
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts('{"n":1}', '{broken', '{"n":2}'))
      await reader.sees('message', ({ data }) => data.n === 2)
      expect(reader.data).toEqual([{ n: 1 }, { n: 2 }])
      expect(await reader.sees('invalid')).toMatchObject({ error: { code: 'invalid-message' }, raw: '{broken' })
    })

    host.for(['connecting', 'open', 'reconnecting'] as const)(
      'leaves nothing behind when left while %s',
      async (phase, { serve, read }) => {
        const server = await serve()
        if (phase === 'connecting') await server.fault({ hang: true })
        if (phase === 'reconnecting') await server.fault({ refuse: true })
        const reader = read(row, `${server.url}a`, PATIENT)
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

    library('prepares every attempt anew, so that a token is always fresh', async ({ serve, read }) => {
      const server = await serve()
      let tokens = 0
      const prepareRequest = async () => ({ query: { token: String((tokens += 1)) } })
      const reader = read(row, `${server.url}a`, { prepareRequest })
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      expect(tokens).toBe(1)
      await server.fault({ refuse: true, drop: true })
      await reader.sees('reconnecting')
      await server.fault({ resume: true })
      await status(reader.channel, 'open')
      // A ladder makes an attempt of its own on each rung.
      expect(tokens).toBeGreaterThanOrEqual(1 + reader.count('reconnecting'))
    })

    host('sends what a definition lets it send', async ({ serve, client }) => {
      const server = await serve()
      const chat = defineChannel<Anything, string>({
        url: `${server.url}a`,
        sendSchema: anything,
        decode: (raw) => raw,
      })
      const reader = readChannel(client(row).channel(chat()))
      // Before it is open: it waits.
      await reader.channel.send({ hello: 'there' } as never)
      await reader.gets('{"hello":"there"}')
      reader.leave()
    })

    if (row.headers) {
      host('carries the headers that prepare gives', async ({ script, read }) => {
        const server = await script()
        await server.answers([
          { status: 503, headers: { 'access-control-allow-headers': '*', 'access-control-allow-origin': '*' } },
        ])
        const reader = read(row, `${server.url}a`, {
          prepareRequest: () => ({ headers: { Authorization: 'Bearer x' } }),
        })
        await reader.sees('reconnecting', ({ error }) => error.code === 'unavailable')
        const asked = await server.requests()
        expect(asked.find(({ method }) => method === 'GET')?.headers['authorization']).toBe('Bearer x')
      })
    } else {
      library('says that it cannot carry headers, instead of dropping them', async ({ serve, read }) => {
        const server = await serve()
        const reader = read(row, `${server.url}a`, {
          prepareRequest: () => ({ headers: { Authorization: 'Bearer x' } }),
        })
        expect((await reader.sees('failed')).error.code).toBe('headers-unsupported')
      })
    }

    if (row.seesStatus) statuses(row, asked)
    if (!row.streams) polls(row, asked)
  })
}

/** What is promised where statuses can be seen. */
function statuses(row: Row, { library, host }: Asked) {
  const head = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' }

  library.for([
    ['nchan', nchan(), REFUSALS],
    ['standard', standard(), { ...REFUSALS, 410: 'rejected' }],
  ] as const)('takes each status for what it means (%s)', async ([, backend, meanings], { script, read }) => {
    const server = await script()
    for (const [code, meaning] of Object.entries(meanings)) {
      await server.answers([{ status: Number(code), headers: head, body: 'because' }])
      // Asked by a client of its own, and nothing is prepared anew for who is refused.
      const reader = read(row, `${server.url}${code}`, { backend, ...PATIENT })
      const { error } =
        meaning === 'rejected' || meaning === 'unauthorized'
          ? await reader.sees('failed')
          : await reader.sees('reconnecting')
      expect({ status: code, code: error.code, message: error.message }).toEqual({
        status: code,
        code: meaning,
        message: `Request to "${server.url}${code}" failed with status ${code}: "because".`,
      })
      reader.leave()
    }
  })

  host('is told the status and the reason of a refusal', async ({ script, read }) => {
    const server = await script()
    for (const code of [400, 401, 404, 425, 429, 503]) {
      await server.answers([{ status: code, headers: head, body: 'because' }])
      const reader = read(row, `${server.url}${code}`, { backend: standard(), ...PATIENT })
      const refused = code < 425 ? reader.sees('failed') : reader.sees('reconnecting')
      expect((await refused).error).toMatchObject({
        status: code,
        message: `Request to "${server.url}${code}" failed with status ${code}: "because".`,
      })
      reader.leave()
    }
  })

  library('can be opened again after it was refused for good', async ({ script, read }) => {
    const server = await script()
    await server.answers([{ status: 404, headers: head }])
    const reader = read(row, `${server.url}a`, PATIENT)
    await reader.sees('failed')
    await server.answers([{ status: 503, headers: head }])
    reader.channel.reconnect()
    await reader.sees('reconnecting', ({ error }) => error.status === 503)
  })

  host('waits as long as Retry-After asks, and its own delay on top', async ({ script, read }) => {
    const server = await script()
    await server.answers([{ status: 503, headers: { ...head, 'retry-after': '7' } }])
    const { delay } = await read(row, `${server.url}a`).sees('reconnecting')
    expect({ delay, bounded: 7_000 <= delay && delay <= 7_000 + MOST_DELAY }).toMatchObject({ bounded: true })
  })

  library('waits until the date that Retry-After names', async ({ script, read }) => {
    const server = await script()
    const began = Date.now()
    const date = new Date(began + 3_600_000).toUTCString()
    await server.answers([{ status: 503, headers: { ...head, 'retry-after': date } }])
    const { delay } = await read(row, `${server.url}a`).sees('reconnecting')
    const least = Date.parse(date) - Date.now()
    // By the server's own clock, which tells seconds.
    const most = Date.parse(date) - began + 1_000 + MOST_DELAY
    expect({ least, delay, most, bounded: least <= delay && delay <= most }).toMatchObject({ bounded: true })
  })

  library.for([
    ['a date that is past', 'Thu, 01 Jan 1970 00:00:01 GMT', 0, MOST_DELAY],
    // A day is the longest that a server is believed.
    ['more than a timer holds', '9'.repeat(400), 86_400_000, 86_400_000 + MOST_DELAY],
    ['less than nothing', '-7', 0, MOST_DELAY],
    ['no time at all', 'soon', 0, MOST_DELAY],
  ] as const)('takes a Retry-After of %s for what it is', async ([, value, least, most], { script, read }) => {
    const server = await script()
    await server.answers([{ status: 429, headers: { ...head, 'retry-after': value } }])
    const { delay } = await read(row, `${server.url}a`).sees('reconnecting')
    expect({ delay, bounded: least <= delay && delay <= most }).toMatchObject({ bounded: true })
  })

  library('asks once more, with what was prepared anew, where who asks was refused', async ({ script, read }) => {
    for (const status of [401, 403]) {
      const server = await script()
      await server.answers([
        { status, headers: head },
        { status: 503, headers: head },
      ])
      let prepared = 0
      const prepareRequest = () => ({ query: { token: String((prepared += 1)) } })
      const reader = read(row, `${server.url}a`, { prepareRequest, ...PATIENT })
      await reader.sees('reconnecting', ({ error }) => error.code === 'unavailable')
      const asked = (await server.requests()).filter(({ method }) => method === 'GET')
      expect(asked.map(({ url }) => new URL(url, server.url).searchParams.get('token'))).toEqual(['1', '2'])
      expect(await reader.sees('reconnecting')).toMatchObject({ delay: 0, error: { code: 'unauthorized', status } })

      await server.answers([{ status, headers: head }])
      reader.channel.reconnect()
      expect((await reader.sees('failed')).error).toMatchObject({ code: 'unauthorized', status })
      expect(prepared).toBe(3)
      reader.leave()
    }
  })

  library('takes a page of a captive portal for no answer, and tries again', async ({ script, read }) => {
    const server = await script()
    await server.answers([{ status: 200, headers: { ...head, 'content-type': 'text/html' }, body: '<h1>Log in</h1>' }])
    const { error } = await read(row, `${server.url}a`).sees('reconnecting')
    expect(error.code).toBe('unexpected-response')
  })
}

/** What is promised of techniques that ask again and again. */
function polls(row: Row, { library, host }: Asked) {
  const head = {
    'access-control-allow-origin': '*',
    'access-control-expose-headers': '*',
    'content-type': 'text/plain',
  }

  const nothing = { 'content-length': '0' }
  const same = { etag: '0', 'last-modified': 'Thu, 01 Jan 1970 00:00:01 GMT' }
  library.for([
    ['nothing, and tells a place', nchan(), { headers: { ...nothing, ...same } }],
    ['nothing at all', nchan(), { headers: nothing }],
    ['what it brought before', nchan(), { headers: same, body: 'the same' }],
    ['nothing at all to a plain poll', standard(), { headers: nothing }],
    ['what it brought before to a plain poll', standard(), { headers: same, body: 'the same' }],
  ] as const)(
    'never asks in a tight loop where each answer comes at once and brings %s',
    async ([, backend, answer], { script, read }) => {
      const server = await script()
      await server.answers([{ ...answer, headers: { ...head, ...answer.headers } }])
      const time = virtualTime()
      read(row, `${server.url}a`, { backend, scheduler: time })
      // Time passes slowly beside what is asked. The first answer may be followed at once: it is the first to tell a place.
      const requests = async () => {
        time.advance(row.spacing / 10)
        return (await server.requests()).length
      }
      const count = await eventually(requests, (asked) => asked >= 6)
      expect(count).toBeLessThanOrEqual(2 + time.now() / row.spacing)
    },
  )

  // Chromium takes a head that was cut for a whole one, and its body for empty.
  host.for([
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
    expect((await reader.sees('reconnecting')).error.retryable).toBe(true)
  })

  host('takes no earlier place from an answer that was cut in its head', async ({ script, read }) => {
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

  host('lets no cache answer for the server', async ({ script, read }) => {
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
