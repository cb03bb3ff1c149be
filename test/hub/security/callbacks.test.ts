import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { createHub, type Authorize, type AuthorizeAnswer, type HubOptions } from 'pinia-push/hub'
import { overTcp, throughTunnel } from '../lines.ts'
import { raw, test, type Served } from '../serve.ts'

const PAGE = 'https://app.example'
const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ws+meta.nchan\r\n'

const http = async (port: number, line: string, headers = 'Connection: close\r\n') => {
  const answer = await raw(port, `${line} HTTP/1.1\r\nHost: localhost\r\nOrigin: ${PAGE}\r\n${headers}\r\n`)
  return Number(answer.slice(9, 12))
}

/** Every door at which something is decided; each answers with a status. */
const DOORS = {
  'a request': ({ port }) => http(port, 'GET /push/a?wait=0'),
  'a stream': ({ port }) => http(port, 'GET /push/a', 'Accept: text/event-stream\r\nConnection: close\r\n'),
  'a POST': ({ port }) => http(port, 'POST /push/a', 'Content-Length: 1\r\nConnection: close\r\n\r\nx'),
  'a WebSocket': ({ port }) => http(port, 'GET /push/a', UPGRADE),
  'a tunnel': ({ port }) => http(port, 'GET /quotes', UPGRADE),
} satisfies Record<string, (served: Served) => Promise<unknown>>

/** By lines, where there is neither an Origin nor a request to tell an address from. */
const LINES = {
  'a line over TCP': async ({ hub }) => firstStatus(overTcp((await hub.listenTcp()).port)),
  'a line through a tunnel': async ({ hub, url }) => {
    await hub.listenTcp()
    return firstStatus(throughTunnel(url))
  },
} satisfies Record<string, (served: Served) => Promise<unknown>>

async function firstStatus({ send, next, leave }: ReturnType<typeof overTcp> | ReturnType<typeof throughTunnel>) {
  onTestFinished(leave)
  send({ subscribe: './a' })
  return (await next())?.['status']
}

const failing = (options: HubOptions) => {
  const logged: [string, unknown][] = []
  const log = (line: string, error?: unknown) => void logged.push([line, error])
  return {
    logged,
    options: { allowedOrigins: [PAGE], tunnels: { '/quotes': { host: '127.0.0.1', port: 9 } }, log, ...options },
  }
}

const THROWS = () => {
  throw new Error('mine')
}
const REJECTS = () => Promise.reject(new Error('mine'))
const HUGE = 'x'.repeat(1_000_000)

describe('`authorize` that fails costs one 500 and one line of the log', () => {
  test.for(
    Object.entries({ ...DOORS, ...LINES }).flatMap(([door, by]) =>
      Object.entries({ throws: THROWS, rejects: REJECTS }).map(([how, fails]) => [how, door, by, fails] as const),
    ),
  )('it %s, at %s', async ([, , by, authorize], { serve }) => {
    const { logged, options } = failing({ authorize })
    const served = await serve(options)
    expect(await by(served)).toBe(500)
    expect(logged).toEqual([['pinia-push: `authorize` failed', expect.objectContaining({ message: 'mine' })]])
  })

  test.for(Object.entries({ ...DOORS, ...LINES }))('it never resolves, at %s', async ([, by], { serve }) => {
    let asked = () => {}
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    const { logged, options } = failing({
      authorize() {
        asked()
        return new Promise(() => {})
      },
    })
    const served = await serve(options)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const answer = by(served)
    await isAsked
    await vi.advanceTimersByTimeAsync(9_999)
    expect(logged).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    vi.useRealTimers()
    expect(await answer).toBe(500)
    expect(logged).toHaveLength(1)
  })

  test('and no second line if it resolves later', async ({ serve }) => {
    let reject: (error: Error) => void = () => {}
    let asked = () => {}
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    const { logged, options } = failing({
      authorize: () =>
        new Promise((_, no) => {
          reject = no
          asked()
        }),
    })
    const served = await serve(options)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const answer = DOORS['a request'](served)
    await isAsked
    await vi.advanceTimersByTimeAsync(10_000)
    vi.useRealTimers()
    expect(await answer).toBe(500)
    reject(new Error('too late'))
    await new Promise(setImmediate)
    expect(logged).toHaveLength(1)
  })

  const NONSENSE: Record<string, unknown> = {
    undefined,
    null: null,
    1: 1,
    "'yes'": 'yes',
    '{}': {},
    '[]': [],
    'status 200': { status: 200 },
    'status 0': { status: 0 },
    'status 99': { status: 99 },
    'status 304': { status: 304 },
    'status 404': { status: 404 },
    'status 500': { status: 500 },
    'status 600': { status: 600 },
    'status NaN': { status: Number.NaN },
    'status 401.5': { status: 401.5 },
    "status '401'": { status: '401' },
    "status 'x'": { status: 'x' },
    'a status that throws': {
      get status() {
        throw new Error('mine')
      },
    },
    'a header with a line end': { status: 401, headers: { 'X-A': 'b\r\nX-C: d' } },
    'a header name with a line end': { status: 401, headers: { 'X-A\r\nX-C': 'd' } },
    'a header name with a space': { status: 401, headers: { 'X A': 'd' } },
    'a header without a name': { status: 401, headers: { '': 'd' } },
    'a header with text that is not Latin-1': { status: 401, headers: { 'X-A': '🙂' } },
    'a header that is an object': { status: 401, headers: { 'X-A': {} } },
    'a header that frames the body': { status: 401, headers: { 'content-length': '5' } },
    'a header that frames the answer': { status: 401, headers: { 'Transfer-Encoding': 'chunked' } },
    'headers that are a text': { status: 401, headers: 'x' },
    'headers that are a list': { status: 401, headers: [['a', 'b']] },
    'headers that are a `Headers`': { status: 401, headers: new Headers({ a: 'b' }) },
    'a reason whose toString throws': { status: 401, reason: { toString: THROWS } },
    'a reason that is a number': { status: 401, reason: 5 },
    'a reason of a megabyte': { status: 401, reason: HUGE },
    'a reason with a line end': { status: 401, reason: 'a\r\nb' },
    'a reason with a control character': { status: 401, reason: 'a\u0007b' },
    'a reason that turns the text around': { status: 401, reason: 'a\u202Eb' },
  }
  test.for(Object.entries(NONSENSE))('it returns %s', async ([, answer], { serve }) => {
    const { logged, options } = failing({ authorize: () => answer as AuthorizeAnswer })
    const served = await serve(options)
    for (const by of Object.values({ ...DOORS, ...LINES })) {
      logged.length = 0
      expect(await by(served)).toBe(500)
      expect(logged).toEqual([['pinia-push: `authorize` failed', expect.any(Error)]])
    }
  })

  test('for a message by WebSocket it closes with 1011, and nothing is published', async ({ serve, frames }) => {
    const { logged, options } = failing({ authorize: ({ action }) => action === 'subscribe' || THROWS() })
    const { hub, url } = await serve(options)
    const { socket, next, closed } = frames(`${url}a`)
    await next()
    socket.send('x')
    expect((await closed).code).toBe(1_011)
    expect([hub.state('a')?.messages ?? 0, logged.length]).toEqual([0, 1])
  })
})

describe('`authorize` may reject', () => {
  const refusing =
    (answer: AuthorizeAnswer): Authorize =>
    () =>
      answer

  test.for([
    [false, 403],
    [{ status: 401 }, 401],
    [{ status: 403, reason: 'größe 🙂' }, 403],
    [{ status: 401, headers: { 'Retry-After': 5 } }, 401],
    [{ status: 403, reason: 'x'.repeat(1_000) }, 403],
  ] as const)('with %j, with every technique', async ([answer, status], { serve }) => {
    const { logged, options } = failing({ authorize: refusing(answer) })
    const served = await serve(options)
    for (const by of Object.values({ ...DOORS, ...LINES })) expect(await by(served)).toBe(status)
    expect(logged).toEqual([])
  })

  test('with several headers of one name', async ({ serve }) => {
    const challenges = ['Bearer', 'Basic realm="x"']
    const { port } = await serve({ authorize: () => ({ status: 401, headers: { 'WWW-Authenticate': challenges } }) })
    const ask = (head: string) => raw(port, `GET /push/a HTTP/1.1\r\nHost: localhost\r\n${head}\r\n`)
    for (const head of ['Connection: close\r\n', UPGRADE])
      expect(await ask(head)).toContain('WWW-Authenticate: Bearer\r\nWWW-Authenticate: Basic realm="x"\r\n')
  })
})

describe.for([
  ['allowedOrigins', { allowedOrigins: THROWS as () => boolean }],
  ['allowedOrigins', { allowedOrigins: REJECTS as never }],
  ['allowedOrigins', { allowedOrigins: (() => 'yes') as never }],
  ['allowedOrigins', { allowedOrigins: (() => undefined) as never }],
  ['allowedOrigins', { allowedOrigins: (() => ({ toString: THROWS })) as never }],
  ['clientIp', { clientIp: THROWS as () => string }],
  ['clientIp', { clientIp: REJECTS as never }],
  ['clientIp', { clientIp: (() => undefined) as never }],
  ['clientIp', { clientIp: (() => ({ toString: THROWS })) as never }],
] as const)('`%s` that fails: %o', ([name, wrong]) => {
  test.for(Object.entries(DOORS))('costs one 500 and one line of the log at %s', async ([, by], { serve }) => {
    const { logged, options } = failing(wrong)
    const served = await serve(options)
    expect(await by(served)).toBe(500)
    expect(logged).toEqual([[`pinia-push: \`${name}\` failed`, expect.any(Error)]])
  })
})

test('`allowedOrigins` allows with true and forbids with false', async ({ serve }) => {
  const { port } = await serve({ allowedOrigins: (origin) => origin === PAGE })
  expect(await http(port, 'GET /push/a?wait=0')).toBe(304)
  const other = await serve({ allowedOrigins: () => false })
  expect(await http(other.port, 'GET /push/a?wait=0')).toBe(403)
})

describe('`log`', () => {
  test.for([
    ['throws', THROWS],
    ['rejects', REJECTS],
    ['is asynchronous and slow', () => new Promise(() => {})],
  ] as const)('that %s changes no response', async ([, log], { serve }) => {
    const served = await serve({ authorize: THROWS, log: log as () => void })
    expect(await http(served.port, 'GET /push/a', 'Connection: close\r\n').catch(() => 0)).toBe(403)
    expect((await fetch(`${served.url}a`)).status).toBe(500)
  })

  test('is console.error by default', async ({ serve }) => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => error.mockRestore())
    const { url } = await serve({ authorize: THROWS })
    await fetch(`${url}a`)
    const [line] = error.mock.calls.map(([said]) => String(said))
    expect(line).toMatch(/^pinia-push: `authorize` failed: Error: mine\n {4}at /)
  })
})

test('a response that the application has sent already is left to it, and logs one line', async () => {
  const { logged, options } = failing({})
  const hub = createHub(options)
  const server = createServer((request, response) => {
    // As after a middleware that answered, and called `next` all the same.
    response.end('mine')
    hub.handle(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await hub.close()
  })
  expect(await http((server.address() as AddressInfo).port, 'GET /push/a?wait=0')).toBe(200)
  expect(logged).toHaveLength(1)
})
