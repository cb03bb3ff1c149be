import { createServer, type RequestListener } from 'node:http'
import { connect, type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { parseDecision } from '../../src/hub/security/authorize.ts'
import type { Authorize } from '../../src/hub/index.ts'
import { createGuard } from '../../deploy/guard.mjs'
import { guards } from '../servers/guard.ts'
import { freePort } from '../servers/free-port.ts'
import { plain } from '../servers/nginx-config.ts'
import { startNginx } from '../servers/nginx.ts'
import { exchange, request } from './raw.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
async function listen(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Whatever a JavaScript function may give. */
const lying = (answer: () => unknown) => answer as Authorize

/** A guard, and how nginx asks it. */
async function startGuard(
  authorize: Authorize,
  { publisher = 'http://127.0.0.1:1/', ...limits }: Partial<Parameters<typeof createGuard>[0]> = {},
) {
  const log: string[] = []
  const port = await listen(createGuard({ publisher, authorize, log: (line) => log.push(line), ...limits }))
  const ask = async (headers: Record<string, string> = {}) => {
    const asked = { 'x-channel': 'a', 'x-method': 'POST', 'x-uri': '/push/a', 'x-address': '127.0.0.2', ...headers }
    const answer = await fetch(`http://127.0.0.1:${port}`, { headers: { ...asked, connection: 'close' } })
    return { status: answer.status, headers: answer.headers, body: await answer.text() }
  }
  return { ask, log, port }
}
const subscribing = (channel: string) => ({ 'x-method': 'GET', 'x-channel': channel, 'x-uri': `/push/${channel}` })

/** What answers instead of nginx where channels are looked at and begun. */
const startPublisher = async (answers: RequestListener) => `http://127.0.0.1:${await listen(createServer(answers))}/`

const thrower = {
  get status(): number {
    throw new Error('no status')
  },
}
const texts: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  "'yes'": () => 'yes',
  1: () => 1,
  '[]': () => [],
  'a function': () => () => true,
  '{}': () => ({}),
  '{ status: 200 }': () => ({ status: 200 }),
  '{ status: 0 }': () => ({ status: 0 }),
  '{ status: 99 }': () => ({ status: 99 }),
  '{ status: 404 }': () => ({ status: 404 }),
  '{ status: 1000 }': () => ({ status: 1_000 }),
  "{ status: '401' }": () => ({ status: '401' }),
  'a status that throws': () => thrower,
  'a reason that is not a text': () => ({ status: 401, reason: { toString: () => 'text' } }),
  'a reason that throws': () => ({
    status: 401,
    reason: {
      toString() {
        throw new Error('no text')
      },
    },
  }),
  'a reason with a line end': () => ({ status: 403, reason: 'one\ntwo' }),
  'a reason of 1,001 characters': () => ({ status: 403, reason: 'x'.repeat(1_001) }),
  'a header with a line end': () => ({ status: 401, headers: { 'X-A': 'a\r\nX-B: b' } }),
  'a header with a line end in a list': () => ({ status: 401, headers: { 'X-A': ['a', 'a\nb'] } }),
  'a header name with a line end': () => ({ status: 401, headers: { 'X-A\r\nX-B': 'b' } }),
  'a header name with a space': () => ({ status: 401, headers: { 'X A': 'b' } }),
  'a header outside Latin-1': () => ({ status: 401, headers: { 'X-A': '\u0100' } }),
  'a header that is an object': () => ({ status: 401, headers: { 'X-A': {} } }),
  'a header with the length of the response': () => ({ status: 401, headers: { 'Content-Length': 5 } }),
  'a header with the coding of the response': () => ({ status: 401, headers: { 'transfer-encoding': 'chunked' } }),
  'a header that has nginx look elsewhere': () => ({ status: 401, headers: { 'X-Accel-Redirect': '/status' } }),
  'headers that are too long': () => ({ status: 401, headers: { 'X-A': 'a'.repeat(5_000) } }),
  'a header with the type of the response': () => ({ status: 401, headers: { 'Content-Type': 'text/html' } }),
  'headers that are a list': () => ({ status: 401, headers: ['X-A'] }),
  'headers that are a text': () => ({ status: 401, headers: 'X-A: a' }),
  'an error': () => new Error('not thrown'),
  'a thrown error': () => {
    throw new Error('database\n\u2028 is away')
  },
  'a thrown nothing': () => {
    throw undefined
  },
  'a thrown thing without text': () => {
    throw Object.create(null)
  },
  'a rejection': () => Promise.reject(new Error('database')),
  'an object that throws when it is looked at': () =>
    new Proxy(
      {},
      {
        get() {
          throw new Error('no promise')
        },
      },
    ),
  'a promise that is never kept': () => new Promise(() => {}),
}

describe('the result of authorize', () => {
  const KNOWN: [name: string, answer: ReturnType<Authorize>, status: number, body: string][] = [
    ['true', true, 200, ''],
    ['false', false, 403, 'Forbidden'],
    ['401', { status: 401, reason: 'sign in first' }, 401, 'sign in first'],
    ['401 alone', { status: 401 }, 401, 'Authentication required'],
    ['403', { status: 403 }, 403, 'Forbidden'],
    ['a kept promise', Promise.resolve({ status: 403, reason: 'Grüße' }), 403, 'Grüße'],
  ]
  test.each(KNOWN)('is applied: %s', async (_, answer, status, body) => {
    const { ask, log } = await startGuard(() => answer)
    expect(await ask()).toMatchObject({ status, body })
    expect(log).toEqual([])
  })

  test('may have headers of its own', async () => {
    const headers = { 'WWW-Authenticate': 'Bearer', 'Set-Cookie': ['a=1', 'b=2'], 'Retry-After': 3, 'X-A': undefined }
    const { ask } = await startGuard(() => ({ status: 401, headers }))
    const answer = await ask()
    expect(answer.status).toBe(401)
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(Object.fromEntries(answer.headers)).toMatchObject({ 'www-authenticate': 'Bearer', 'retry-after': '3' })
  })

  test.each(Object.entries(texts))('causes a 500 and one log line, and the guard continues: %s', async (_, answer) => {
    let odd = true
    const { ask, log } = await startGuard(
      lying(() => (odd ? answer() : true)),
      { authorizeTimeout: 100 },
    )
    expect(await ask()).toMatchObject({ status: 500, body: '' })
    expect(log).toEqual([expect.stringMatching(/^[^\p{Cc}\p{Zl}\p{Zp}]{20,500}$/u)])
    odd = false
    expect(await ask()).toMatchObject({ status: 200 })
  })

  test('causes a 500 also if the log throws', async () => {
    const { ask } = await startGuard(
      lying(() => 'yes'),
      {
        log() {
          throw new Error('disk full')
        },
      },
    )
    expect(await ask()).toMatchObject({ status: 500 })
  })

  // The hub may send longer headers: nginx reads a head into one buffer.
  test.each(Object.entries(texts).filter(([name]) => name !== 'headers that are too long'))(
    'is invalid at the hub too: %s',
    async (_, answer) => {
      const decide = async () => parseDecision(await Promise.race([answer(), 'nothing for ten seconds']))
      const outcome = await decide().then(
        () => 'an answer',
        () => 'none',
      )
      expect(outcome).toBe('none')
    },
  )

  test.each(KNOWN)('has the same effect at the hub: %s', async (_, answer, status, body) => {
    const refusal = parseDecision(await answer)
    expect([refusal?.status ?? 200, refusal?.message ?? '']).toEqual([status, body])
  })

  // A worker of Nchan's aborts at a refusal that is longer than a buffer.
  test('may be long without a crash of nginx: a reason of 3,000 bytes is sent, a longer one is a 500', async () => {
    const whole = '€'.repeat(1_000)
    const headers = { 'X-Long': 'x'.repeat(2_000) }
    const nginx = await startNginx({
      guard: guards(({ query }) => ({ status: 403, reason: query.has('long') ? 'x'.repeat(50_000) : whole, headers }))
        .start,
      changes: (port) => [plain(port)],
    })
    for (const [query, accept] of [
      ['', 'text/event-stream'],
      ['', '*/*'],
      ['wait=0', '*/*'],
    ] as const) {
      const ask = async (more: string) => {
        const sent = request(`GET /push/a?${query}${more}`, `Accept: ${accept}`, 'Connection: close')
        const [reply] = await exchange(connect(nginx.port, '127.0.0.1'), sent)
        return [reply?.status, Buffer.from(reply?.body ?? '', 'latin1').toString()]
      }
      expect(await ask('')).toEqual([403, whole])
      expect(await ask('&long')).toEqual([500, ''])
    }
    await nginx.stop()
  })
})

describe('a request from nginx', () => {
  const REFUSED: Record<string, [headers: Record<string, string>, status: number]> = {
    'another channel than the path names': [{ 'x-channel': 'b' }, 400],
    'the end of a name': [{ 'x-channel': 'a', 'x-uri': '/push/ba' }, 400],
    'a path that decodes to the name': [{ 'x-uri': '/push/%61' }, 400],
    'a name with a slash': [{ 'x-channel': 'a/a', 'x-uri': '/push/a/a' }, 400],
    'a name that is a dot segment': [{ 'x-channel': '..', 'x-uri': '/push/..' }, 400],
    'no name': [{ 'x-channel': '', 'x-uri': '/push/' }, 400],
    'a name of 256 characters': [{ 'x-channel': 'a'.repeat(256), 'x-uri': `/push/${'a'.repeat(256)}` }, 400],
    'a name outside ASCII': [{ 'x-channel': '\xe9', 'x-uri': '/push/\xe9' }, 400],
    'no path': [{ 'x-uri': '' }, 400],
    'a method that it does not know': [{ 'x-method': 'PUT' }, 405],
  }
  test.each(Object.entries(REFUSED))('is rejected without a call of authorize: %s', async (_, [headers, status]) => {
    const asked: string[] = []
    const { ask } = await startGuard(({ channel }) => asked.push(channel) > 0)
    expect(await ask(headers)).toMatchObject({ status })
    expect(asked).toEqual([])
  })

  test.each(['//[/a?x=1', '/push//a?x=1&http://[', '/push/a?%&x=1', '/push/a?%ff%zz&x=1'])(
    'may have an invalid URL: %s',
    async (uri) => {
      const { ask } = await startGuard(({ channel, query }) => channel === 'a' && query.get('x') === '1')
      expect(await ask({ 'x-uri': uri })).toMatchObject({ status: 200 })
    },
  )

  test('gets a 500, and a log line with the fix, if nginx has files of another version', async () => {
    const { port, log } = await startGuard(() => true)
    const headers = { 'x-channel': 'a', 'x-method': 'POST', 'x-uri': '/push/a' }
    expect((await fetch(`http://127.0.0.1:${port}`, { headers })).status).toBe(500)
    expect(log).toEqual([expect.stringContaining('X-Address')])
  })
})

/** How a publisher may fail. */
const FAILURES: Record<string, RequestListener> = {
  'sends nothing': () => {},
  'stops in its head': ({ socket }) => void socket.write('HTTP/1.1 200 OK\r\n'),
  'stops in its body': (_, answer) => void answer.writeHead(200, { 'content-length': 100 }).write('{'),
  'cuts the connection': ({ socket }) => void socket.destroy(),
  'responds with 500': (_, answer) => void answer.writeHead(500).end('full'),
  'responds with 403': (_, answer) => void answer.writeHead(403).end(),
  'responds with a redirect': (_, answer) => void answer.writeHead(302, { location: '/' }).end(),
  'responds with an empty body': (_, answer) => void answer.end(),
  'responds with text instead of JSON': (_, answer) => void answer.end('queued messages: 0\r\nlast'),
  'responds with null': (_, answer) => void answer.end('null'),
  'responds with other JSON': (_, answer) => void answer.end('{"messages":"many"}'),
  'does not begin the channel': ({ method }, answer) => void answer.writeHead(method === 'GET' ? 404 : 507).end(),
}

describe('a publisher that fails', () => {
  test.each(Object.entries(FAILURES))('causes a 503 with Retry-After and one log line: it %s', async (_, failure) => {
    const publisher = await startPublisher(failure)
    const { ask, log } = await startGuard(() => true, { publisher, publisherTimeout: 300 })
    const answer = await ask(subscribing('a'))
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(log).toEqual([expect.stringMatching(/^Channel a could not be begun[^\p{Cc}]+$/u)])
  })

  test('causes a 503 if it does not listen', async () => {
    const publisher = `http://127.0.0.1:${await freePort()}/`
    const { ask, log } = await startGuard(() => true, { publisher })
    expect(await ask(subscribing('a'))).toMatchObject({ status: 503 })
    expect(log).toEqual([expect.stringContaining('ECONNREFUSED')])
  })

  test('delays only its own channel', async () => {
    const held: (() => void)[] = []
    const publisher = await startPublisher(({ url, method }, answer) => {
      const say = () => answer.end('{"messages":1}')
      if (url === '/slow' && method === 'GET') held.push(say)
      else say()
    })
    const { ask } = await startGuard(() => true, { publisher })
    // Two ask for it, and it is looked at once.
    const slow = [ask(subscribing('slow')), ask(subscribing('slow'))]
    const others = await Promise.all(Array.from({ length: 100 }, (_, n) => ask(subscribing(`other-${n}`))))
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set([200]))
    await expect.poll(() => held.length).toBe(1)
    for (const say of held) say()
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200])
  })

  test('gets another request for the next reader', async () => {
    let fails = true
    const publisher = await startPublisher(
      (_, answer) => void answer.writeHead(fails ? 500 : 200).end('{"messages":1}'),
    )
    const { ask } = await startGuard(() => true, { publisher })
    expect(await ask(subscribing('a'))).toMatchObject({ status: 503 })
    fails = false
    expect(await ask(subscribing('a'))).toMatchObject({ status: 200 })
  })
})

describe('many requests at once', () => {
  test('wait for authorize up to a limit, and others get a 503 until there is room', async () => {
    let release = () => {}
    const decision = new Promise<boolean>((resolve) => (release = () => resolve(true)))
    let asked = 0
    const { ask, log } = await startGuard(() => {
      asked += 1
      return decision
    })
    const answers = Array.from({ length: 1_100 }, () => ask())
    const statuses: number[] = []
    for (const answer of answers) void answer.then(({ status }) => statuses.push(status))
    await expect.poll(() => statuses.length).toBe(100)
    expect([asked, new Set(statuses), log.length]).toEqual([1_000, new Set([503]), 1])
    release()
    expect((await Promise.all(answers)).filter(({ status }) => status === 200).length).toBe(1_000)
    expect(await ask()).toMatchObject({ status: 200 })
  })
})
