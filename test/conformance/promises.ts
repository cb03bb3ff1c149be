import { expect } from 'vitest'
import { BehaviorSubject, NEVER, of } from 'rxjs'
import { backoff, defineChannel, nchan, pageLifecycle, standard } from 'pinia-push/observables'
import { virtualTime } from 'pinia-push/testing'
import { combination, type Asked } from './combination.ts'
import type { Engine } from './engines.ts'
import { eventually, observed, readChannel, status, story, type Reader } from './fixtures.ts'
import type { Row } from './rows.ts'
import type { ServerKind, Session } from '../servers/control-client.ts'

const texts = (...data: string[]) => data.map((each) => ({ data: each }))
/** Limits that are longer than any test, in ms. */
const UNHURRIED = { connectTimeout: 3_600_000, heartbeatGrace: 3_600_000, idleReconnectAfter: 3_600_000 }
/** A server that does not report an unknown cursor leaves the request without a response for this long; a long poll is open before. */
const PROVED_SOON = { connectTimeout: 1_500 }
const PATIENT = { retry: backoff({ initialDelay: 60_000, maxDelay: 60_000 }) }
/** The longest delay of the suite's clients, in ms (`fixtures.ts`). */
const MOST_DELAY = 50

/**
 * The error code for each status that rejects a connection, by RFC 9110 section 15, RFC 6585, RFC 7725 and RFC 8470:
 * rejected, unavailable, or an unknown cursor. 407 is a proxy's, browsers repeat 408 themselves, and 410 means unavailable
 * in PROTOCOL.md alone.
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

const FIRST = 'first'

/**
 * Publishes until the reader receives a message. On Nchan it has no cursor before, so a connection that a busy machine loses,
 * or that `fallback` replaces by a better one, is a gap until then.
 */
const receivesFirst = (server: Session, reader: Reader) =>
  eventually(
    async () => {
      await server.publish('a', texts(FIRST))
      return reader.data
    },
    ({ length }) => length > 0,
  )

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

/** Messages of a publisher that imitate the server. */
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
    // The hub recognizes the cursors of an earlier process; Nchan does not.
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

    wire('delivers any text unchanged, however the network splits it', async ({ serve, read }) => {
      const server = await serve()
      await server.fault({ split: 1 })
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await receivesFirst(server, reader)
      await server.publish('a', texts(...AWKWARD, 'last'))
      await reader.gets('last')
      expect(reader.data.filter((data) => data !== FIRST)).toEqual([...AWKWARD, 'last'])
    })

    wire('delivers an empty message', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      // A busy page may have needed more than one attempt until here.
      const attempts = reader.count('reconnecting')
      await server.publish('a', texts(''))
      await reader.gets('')
      await server.publish('a', texts('', 'last'))
      await reader.gets('last')
      expect(reader.data).toEqual(['', '', 'last'])
      expect(reader.count('reconnecting')).toBe(attempts)
    })

    host('delivers a message of a megabyte unchanged', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      const big = '0123456789abcdé\n'.repeat(62_500)
      await server.publish('a', texts(big, 'last'))
      await reader.gets('last')
      // Compares the first difference, because a diff of a megabyte is unreadable.
      const [got = ''] = reader.data
      expect({ length: got.length, differs: [...big].findIndex((character, at) => got[at] !== character) }).toEqual({
        length: big.length,
        differs: -1,
      })
    })

    wire('delivers bytes unchanged', async ({ serve, client }) => {
      const server = await serve()
      const bytes = defineChannel({ url: `${server.url}a`, binary: true })
      const reader = readChannel(client(row).channel(bytes()))
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', [{ base64: 'AAH/gA0KDQo=' }])
      const { data } = await reader.sees('message')
      expect([...data]).toEqual([0, 1, 255, 128, 13, 10, 13, 10])
    })

    wire('never treats a payload as a frame, an id, a gap or the end of the channel', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts(...FORGERIES, 'last'))
      await reader.gets('last')
      expect(reader.data).toEqual([...FORGERIES, 'last'])
      expect(reader.events.filter(({ type }) => type === 'gap' || type === 'closed')).toEqual([])
      // A payload does not change the cursor either, from which the next connection resumes.
      await server.fault({ drop: true })
      await server.publish('a', texts('after'))
      await reader.gets('after')
      expect(reader.data).toEqual([...FORGERIES, 'last', 'after'])
    })

    library('emits open before the first message', async ({ serve, read }) => {
      const server = await serve({ startFrom: 'oldest' })
      await server.publish('a', texts('kept'))
      const reader = read(row, `${server.url}a`)
      await reader.gets('kept')
      const types = reader.events.map(({ type }) => type)
      // A long poll is open before it is confirmed, where its first response takes more than a second.
      expect(types.filter((type, at) => type !== types[at - 1])).toEqual(['connecting', 'open', 'message'])
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

    host('loses nothing when the connection drops before the first message', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`)
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      // The first bytes have the cursor; on streams they follow `open`.
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
      'switches to the next base URL when the first is unreachable, and loses nothing',
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

    host('checks the connection or reconnects as soon as the host is online again', async ({ serve, read }) => {
      const server = await serve()
      const offline$ = new BehaviorSubject(false)
      const signals = { hidden$: of(false), offline$, left$: of(false), thawed$: NEVER }
      // No other limit expires during this test. Only a poll that the host sends on a dead connection needs
      // `connectTimeout`.
      const patient = { heartbeatGrace: 3_600_000, idleReconnectAfter: 3_600_000, connectTimeout: 1_000 }
      const reader = read(row, `${server.url}a`, { lifecycle: pageLifecycle({ signals }), ...patient })
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.publish('a', texts('one'))
      await reader.gets('one')
      offline$.next(true)
      // Connections that are open now are dead; later ones are not.
      await server.fault({ strand: true })
      await server.publish('a', texts('two'))
      offline$.next(false)
      await reader.gets('two')
      expect(story(reader.events)).toEqual(['one', 'two'])
    })

    if (row.seesParts) {
      host('does not time out while a message is still arriving', async ({ serve, read }) => {
        const server = await serve()
        const time = virtualTime()
        const { technique, nextEvent } = observed(row)
        // The connection may be silent for 20 s, and 15 s more where the server sends heartbeats.
        const reader = read({ technique }, `${server.url}a`, { heartbeatGrace: 20_000, scheduler: time })
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        await server.fault({ pass: 0 })
        const big = '0123456789abcdef'.repeat(62_500)
        await server.publish('a', texts(big))
        // Starts the next poll.
        time.advance(1_000)
        for (let part = 0; part < 6; part += 1) {
          const next = nextEvent()
          await server.fault({ pass: 100_000 })
          await next
          time.advance(15_000)
        }
        await server.fault({ resume: true })
        await reader.sees('message', ({ data }) => data.length === big.length)
        expect(reader.count('reconnecting')).toBe(0)
      })
    }

    host('reports the error, the delay and the attempt while it reconnects', async ({ serve, read }) => {
      const server = await serve()
      const began = Date.now()
      await server.fault({ refuse: true })
      // Where the host does not report an unreachable server, `connectTimeout` expires.
      const told = limit('refusals') === undefined
      const reader = read(row, `${server.url}a`, told ? {} : { connectTimeout: 300 })
      const { error, delay, attempt, retryAt } = await reader.sees('reconnecting', (event) => event.attempt === 2)
      expect(error).toMatchObject({
        name: 'PushError',
        code: told ? 'network-error' : 'connect-timeout',
        retryable: true,
      })
      const reportedAt = retryAt - delay
      expect({ attempt, bounded: delay <= 50, onTime: began <= reportedAt && reportedAt <= Date.now() }).toEqual({
        attempt: 2,
        bounded: true,
        onTime: true,
      })
    })

    host('detects a connection that stalls, and resumes without loss', async ({ serve, read }) => {
      const server = await serve({ heartbeat: 300 })
      // A connection without heartbeats is replaced while idle, and the replacement times out.
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

    host('detects a server that accepts connections and never responds', async ({ serve, read }) => {
      const server = await serve()
      await server.fault({ hang: true })
      const reader = read(row, `${server.url}a`, { connectTimeout: 300 })
      const { error } = await reader.sees('reconnecting')
      expect(error.code).toBe('connect-timeout')
      await server.fault({ resume: true })
      await reader.sees('open')
    })

    if (silent) {
      wire('replaces an idle connection without heartbeats, without an event to readers', async ({ serve, read }) => {
        const server = await serve()
        const reader = read(row, `${server.url}a`, { ...UNHURRIED, idleReconnectAfter: 200 })
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        const { connections } = await server.stats()
        await eventually(server.stats, (stats) => stats.connections > connections)
        expect(reader.count('reconnecting')).toBe(0)
      })
    } else {
      wire('keeps an idle connection open by heartbeats', async ({ serve, read }) => {
        const server = await serve({ heartbeat: 100 })
        const time = virtualTime()
        const { technique, nextEvent } = observed(row)
        const reader = read({ technique }, `${server.url}a`, { heartbeatGrace: 20_000, scheduler: time })
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        // Two of these steps without a heartbeat would exceed the limit.
        for (let heartbeat = 0; heartbeat < 3; heartbeat += 1) {
          const next = nextEvent()
          time.advance(15_000)
          await next
        }
        expect(reader.count('reconnecting')).toBe(0)
      })
    }

    host('loses nothing behind a proxy that buffers responses', async ({ serve, read }) => {
      const server = await serve({ heartbeat: 500 })
      const reader = read(row, `${server.url}a`, { heartbeatGrace: 500 })
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await server.fault({ buffer: true })
      await server.publish('a', texts('one', 'two'))
      await server.fault({ buffer: false })
      await reader.gets('two')
      expect(reader.data).toEqual(['one', 'two'])
    })

    library('emits a gap when the server no longer has the missed messages', async ({ serve, read }) => {
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

    library('emits a gap when its cursor is in the future, and continues from now', async ({ serve, client }) => {
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

    loss('emits a gap when the server was restarted', async ({ serve, read }) => {
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

    wire('is closed when the channel ends, and reconnect() opens it again', async ({ serve, read }) => {
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

    library('emits a gap before it fails if it was ever open, and none otherwise', async ({ serve, read }) => {
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
    })

    library('shares one connection among its readers, in the same order for each', async ({ serve, client }) => {
      const server = await serve()
      const push = client(row, UNHURRIED)
      const definition = defineChannel({ url: `${server.url}a`, decode: (raw) => raw })
      const readers = [1, 2, 3].map(() => readChannel(push.channel(definition())))
      await Promise.all(readers.map((reader) => reader.sees('open', ({ unconfirmed }) => !unconfirmed)))
      await server.publish('a', texts(...numbers(0, 50)))
      await Promise.all(readers.map((reader) => reader.gets('49')))
      // Counted before they leave: Node may connect once more after a request was aborted.
      expect((await server.stats()).most).toBe(1)
      for (const reader of readers) {
        expect(reader.data).toEqual(numbers(0, 50))
        reader.leave()
      }
    })

    library('emits invalid for a message that cannot be decoded, and continues', async ({ serve, client }) => {
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
      'leaves no connection behind when the last reader leaves while %s',
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

    library('calls prepareRequest for every attempt, so that a token is always fresh', async ({ serve, read }) => {
      const server = await serve()
      let tokens = 0
      const prepareRequest = async () => ({ query: { token: String((tokens += 1)) } })
      const reader = read(row, `${server.url}a`, { prepareRequest })
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      // `fallback` makes an attempt for each technique, and on a busy machine the first may be too slow.
      if (row.name.endsWith('allback')) expect(tokens).toBeGreaterThanOrEqual(1)
      else expect(tokens).toBe(1)
      await server.fault({ refuse: true, drop: true })
      await reader.sees('reconnecting')
      await server.fault({ resume: true })
      await status(reader.channel, 'open')
      expect(tokens).toBeGreaterThanOrEqual(1 + reader.count('reconnecting'))
    })

    host('sends a message that matches the sendSchema', async ({ serve, client }) => {
      const server = await serve()
      const chat = defineChannel<Anything, string>({
        url: `${server.url}a`,
        sendSchema: anything,
        decode: (raw) => raw,
      })
      const reader = readChannel(client(row).channel(chat()))
      // The channel is not open yet, so the message waits.
      await reader.channel.send({ hello: 'there' } as never)
      await reader.gets('{"hello":"there"}')
      reader.leave()
    })

    if (row.headers) {
      host('sends the headers of prepareRequest', async ({ script, read }) => {
        const server = await script()
        await server.respond([
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
      library(
        'fails with headers-unsupported instead of dropping the headers of prepareRequest',
        async ({ serve, read }) => {
          const server = await serve()
          const reader = read(row, `${server.url}a`, {
            prepareRequest: () => ({ headers: { Authorization: 'Bearer x' } }),
          })
          expect((await reader.sees('failed')).error.code).toBe('headers-unsupported')
        },
      )
    }

    if (row.seesStatus) statuses(row, asked)
    if (!row.streams) polls(row, asked)
  })
}

/** The promises of techniques that see HTTP statuses. */
function statuses(row: Row, { library, host }: Asked) {
  const head = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' }

  library.for([
    ['nchan', nchan(), REFUSALS],
    ['standard', standard(), { ...REFUSALS, 410: 'rejected' }],
  ] as const)(
    'maps each status to the error code of its meaning (%s)',
    async ([, backend, meanings], { script, read }) => {
      const server = await script()
      for (const [code, meaning] of Object.entries(meanings)) {
        await server.respond([{ status: Number(code), headers: head, body: 'because' }])
        // A new client without `prepareRequest`, so that a rejection is not retried.
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
    },
  )

  host('reports the status and the reason of a rejection', async ({ script, read }) => {
    const server = await script()
    for (const code of [400, 401, 404, 425, 429, 503]) {
      await server.respond([{ status: code, headers: head, body: 'because' }])
      const reader = read(row, `${server.url}${code}`, { backend: standard(), ...PATIENT })
      const rejected = code < 425 ? reader.sees('failed') : reader.sees('reconnecting')
      expect((await rejected).error).toMatchObject({
        status: code,
        message: `Request to "${server.url}${code}" failed with status ${code}: "because".`,
      })
      reader.leave()
    }
  })

  library('can be opened again after a final rejection', async ({ script, read }) => {
    const server = await script()
    await server.respond([{ status: 404, headers: head }])
    const reader = read(row, `${server.url}a`, PATIENT)
    await reader.sees('failed')
    await server.respond([{ status: 503, headers: head }])
    reader.channel.reconnect()
    await reader.sees('reconnecting', ({ error }) => error.status === 503)
  })

  host('waits for the time of Retry-After, and its own delay in addition', async ({ script, read }) => {
    const server = await script()
    await server.respond([{ status: 503, headers: { ...head, 'retry-after': '7' } }])
    const { delay } = await read(row, `${server.url}a`).sees('reconnecting')
    expect({ delay, bounded: 7_000 <= delay && delay <= 7_000 + MOST_DELAY }).toMatchObject({ bounded: true })
  })

  library('waits until the date of Retry-After', async ({ script, read }) => {
    const server = await script()
    const began = Date.now()
    const date = new Date(began + 3_600_000).toUTCString()
    await server.respond([{ status: 503, headers: { ...head, 'retry-after': date } }])
    const { delay } = await read(row, `${server.url}a`).sees('reconnecting')
    const least = Date.parse(date) - Date.now()
    // The server's `Date` has a resolution of a second.
    const most = Date.parse(date) - began + 1_000 + MOST_DELAY
    expect({ least, delay, most, bounded: least <= delay && delay <= most }).toMatchObject({ bounded: true })
  })

  library.for([
    ['a past date', 'Thu, 01 Jan 1970 00:00:01 GMT', 0, MOST_DELAY],
    // A day is the longest delay that a server may ask for.
    ['more than the longest timer', '9'.repeat(400), 86_400_000, 86_400_000 + MOST_DELAY],
    ['a negative number', '-7', 0, MOST_DELAY],
    ['a word', 'soon', 0, MOST_DELAY],
  ] as const)('accepts Retry-After with %s', async ([, value, least, most], { script, read }) => {
    const server = await script()
    await server.respond([{ status: 429, headers: { ...head, 'retry-after': value } }])
    const { delay } = await read(row, `${server.url}a`).sees('reconnecting')
    expect({ delay, bounded: least <= delay && delay <= most }).toMatchObject({ bounded: true })
  })

  library('retries once with a new prepareRequest when the user is rejected', async ({ script, read }) => {
    for (const status of [401, 403]) {
      const server = await script()
      await server.respond([
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

      await server.respond([{ status, headers: head }])
      reader.channel.reconnect()
      expect((await reader.sees('failed')).error).toMatchObject({ code: 'unauthorized', status })
      expect(prepared).toBe(3)
      reader.leave()
    }
  })

  library('rejects the page of a captive portal, and retries', async ({ script, read }) => {
    const server = await script()
    await server.respond([{ status: 200, headers: { ...head, 'content-type': 'text/html' }, body: '<h1>Log in</h1>' }])
    const { error } = await read(row, `${server.url}a`).sees('reconnecting')
    expect(error.code).toBe('unexpected-response')
  })
}

/** The promises of techniques that poll. */
function polls(row: Row, { library, host }: Asked) {
  const head = {
    'access-control-allow-origin': '*',
    'access-control-expose-headers': '*',
    'content-type': 'text/plain',
  }

  const nothing = { 'content-length': '0' }
  const same = { etag: '0', 'last-modified': 'Thu, 01 Jan 1970 00:00:01 GMT' }
  library.for([
    ['nothing but a cursor', nchan(), { headers: { ...nothing, ...same } }],
    ['nothing', nchan(), { headers: nothing }],
    ['the same message', nchan(), { headers: same, body: 'the same' }],
    ['nothing, with standard()', standard(), { headers: nothing }],
    ['the same state, with standard()', standard(), { headers: same, body: 'the same' }],
  ] as const)(
    'never polls in a tight loop when each response is immediate and has %s',
    async ([, backend, answer], { script, read }) => {
      const server = await script()
      await server.respond([{ ...answer, headers: { ...head, ...answer.headers } }])
      const time = virtualTime()
      read(row, `${server.url}a`, { backend, scheduler: time })
      // Time passes slowly compared with requests. The first response brings the first cursor, so the next poll may follow at once.
      const requests = async () => {
        time.advance(row.spacing / 10)
        return (await server.requests()).length
      }
      const count = await eventually(requests, (asked) => asked >= 6)
      expect(count).toBeLessThanOrEqual(2 + time.now() / row.spacing)
    },
  )

  // Chromium takes a cut head for a whole one with an empty body.
  host.for([
    ['behind its length', 'Content-Length: 5\r\nLast-Modified: Thu, 01 Jan 1970 00:00:09 GMT\r\nEtag: 12'],
    ['before its length', 'Last-Modified: Thu, 01 Jan 1970 00:00:09 GMT\r\nEtag: 12\r\n'],
  ] as const)(
    'treats a response whose head was cut %s as a lost connection, not as a message',
    async ([, rest], { script, read }) => {
      const server = await script()
      const begin = 'Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: *\r\nContent-Type: text/plain\r\n'
      await server.respond([
        { cut: `HTTP/1.1 200 OK\r\n${begin}${rest}` },
        { headers: { ...head, etag: '123', 'last-modified': 'Thu, 01 Jan 1970 00:00:09 GMT' }, body: 'whole' },
      ])
      const reader = read(row, `${server.url}a`)
      await reader.gets('whole')
      expect(reader.data).toEqual(['whole'])
      expect((await reader.sees('reconnecting')).error.retryable).toBe(true)
    },
  )

  host('never uses an earlier cursor from a response whose head was cut', async ({ script, read }) => {
    const server = await script()
    const begin = 'Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: *\r\n'
    const modified = 'Thu, 01 Jan 1970 00:00:09 GMT'
    await server.respond([
      { headers: { ...head, etag: '123', 'last-modified': modified }, body: 'one' },
      { cut: `HTTP/1.1 304 Not Modified\r\n${begin}Last-Modified: ${modified}\r\nEtag: 12` },
      { headers: { ...head, etag: '124', 'last-modified': modified }, body: 'two' },
    ])
    const reader = read(row, `${server.url}a`)
    await reader.gets('two')
    const asked = (await server.requests()).filter(({ method }) => method === 'GET').slice(1)
    // From that cursor, or from just before it to verify that nothing was missed.
    const from = asked.map(({ url }) => new URL(url, server.url).searchParams.get('last_event_id'))
    expect(from.filter((cursor) => cursor !== '9:122')).toEqual(expect.arrayContaining(['9:123']))
    expect(new Set(from).has('9:12')).toBe(false)
  })

  host('never reads a response from the HTTP cache', async ({ script, read }) => {
    const server = await script()
    const cached = { ...head, 'cache-control': 'max-age=600', 'last-modified': 'Thu, 01 Jan 1970 00:00:01 GMT' }
    await server.respond(
      ['one', 'two', 'three'].map((body, at) => ({ status: 200, headers: { ...cached, etag: String(at) }, body })),
    )
    const reader = read(row, `${server.url}a`)
    await reader.gets('three')
    expect(reader.data).toEqual(['one', 'two', 'three'])
  })
}

/** A schema that accepts everything. */
const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const
type Anything = typeof anything
